/** Every reproduced figure with its verdict; each opens its model in the live view. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { configure } from "../state/actions";
import { look } from "../state/session";
import { read } from "../wire/data";
import type { ServerState } from "../wire/messages";

interface Preset {
  title: string;
  state: ServerState;
  until: number | null;
}

interface Figure {
  name: string;
  caption: string;
  /** The preset that suits it, by its place in the experiment's list. */
  preset: number;
  svg: string | null;
  png: string | null;
  /** A film of it. */
  gif: string | null;
}

interface Claim {
  id: string;
  statement: string;
  rule: string;
  evidence: string[];
  status: string | null;
  expected: string;
  measured: string | null;
}

interface Experiment {
  name: string;
  title: string;
  section: string;
  summary: string;
  ran: boolean;
  presets: Preset[];
  figures: Figure[];
  claims: Claim[];
}

interface Gallery {
  report: { folder: string; page: string; quick: boolean } | null;
  experiments: Experiment[];
}

const gallery = signal<Gallery | null>(null);
const failure = signal("");

async function load(): Promise<void> {
  gallery.value = await read<Gallery>("gallery");
}

/** Open a preset in the live view, run it as far as it says, then leave it to the reader. */
export function openPreset({ state, until }: Preset): void {
  look({ tab: "live" });
  configure(state, until ? { at: until, running: false, past: null } : undefined);
}

export function GalleryTab() {
  useEffect(() => {
    load().catch((error: Error) => (failure.value = error.message));
  }, []);
  const g = gallery.value;
  if (failure.value)
    return (
      <main class="page" id="main">
        <p class="notice">The gallery cannot be read: {failure.value}</p>
      </main>
    );
  if (!g)
    return (
      <main class="page" id="main">
        <p class="quiet">Loading …</p>
      </main>
    );
  return (
    <main class="page gallery" id="main">
      <header class="page-head">
        <h2>What the paper shows, and what came out here</h2>
        <p class="quiet">
          {g.report ? (
            <>
              Figures and verdicts from <a href={g.report.page}>the report</a>
              {g.report.quick && ", a quick run"}. Any of them opens in the live view with the
              paper's settings.
            </>
          ) : (
            <>
              There is no report yet: <code>tegum reproduce</code> makes the figures and verdicts.
              The models can be opened all the same.
            </>
          )}
        </p>
      </header>
      {g.experiments.map((experiment) => (
        <Section key={experiment.name} experiment={experiment} />
      ))}
    </main>
  );
}

function Section({ experiment: e }: { experiment: Experiment }) {
  return (
    <section class="card experiment" aria-labelledby={`experiment-${e.name}`}>
      <header>
        <h2 id={`experiment-${e.name}`}>{e.title}</h2>
        <p class="quiet">{e.summary}</p>
        <div class="presets">
          {e.presets.map((preset) => (
            <button
              key={preset.title}
              type="button"
              class="button"
              data-preset={preset.title}
              onClick={() => openPreset(preset)}
            >
              <span aria-hidden="true">▸</span> {preset.title}
            </button>
          ))}
        </div>
      </header>
      {e.figures.some(({ svg, png }) => svg ?? png) && (
        <div class="figures">
          {e.figures.map((figure) => (
            <Picture
              key={figure.name}
              figure={figure}
              preset={e.presets[figure.preset] ?? e.presets[0]}
              claims={e.claims.filter(({ evidence }) => evidence.includes(figure.name))}
            />
          ))}
        </div>
      )}
      <Claims claims={e.claims} />
    </section>
  );
}

interface PictureProps {
  figure: Figure;
  preset: Preset | undefined;
  /** Those that the figure is evidence for. */
  claims: Claim[];
}

function Picture({ figure, preset, claims }: PictureProps) {
  const still = figure.svg ?? figure.png;
  const source = figure.gif ?? still;
  if (!source) return null;
  const image = (
    <picture>
      {figure.gif && still && <source media="(prefers-reduced-motion: reduce)" srcset={still} />}
      <img src={source} alt={figure.caption} loading="lazy" decoding="async" />
    </picture>
  );
  return (
    <figure data-figure={figure.name}>
      {preset ? (
        <button
          type="button"
          class="picture"
          title={`Open ${preset.title} in the live view`}
          onClick={() => openPreset(preset)}
        >
          {image}
        </button>
      ) : (
        image
      )}
      <figcaption>
        {figure.caption}
        {claims.length > 0 && (
          <span class="evidence">
            {claims.map(({ id, status, statement }) => (
              <span key={id} class={`verdict ${dashed(status)}`} title={statement}>
                {id} {status}
              </span>
            ))}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function Claims({ claims }: { claims: Claim[] }) {
  if (claims.length === 0) return null;
  const tally = (status: string): number =>
    claims.filter((claim) => claim.status === status).length;
  const judged = claims.some(({ status }) => status !== null);
  return (
    <details class="claims">
      <summary>
        {claims.length} {claims.length === 1 ? "claim" : "claims"}
        {judged && (
          <>
            {tally("holds") > 0 && <Verdict status="holds" text={`${tally("holds")} hold`} />}
            {tally("differs") > 0 && (
              <Verdict status="differs" text={`${tally("differs")} differ`} />
            )}
            {tally("not tested") > 0 && (
              <Verdict status="not tested" text={`${tally("not tested")} not tested`} />
            )}
          </>
        )}
      </summary>
      <ul>
        {claims.map((claim) => (
          <li key={claim.id}>
            <p>
              <b>{claim.id}</b> {claim.statement}{" "}
              {claim.status && <Verdict status={claim.status} text={claim.status} />}
            </p>
            <p class="quiet">
              Rule: {claim.rule}
              {claim.measured && (
                <>
                  <br />
                  Measured: {claim.measured}
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Verdict({ status, text }: { status: string; text: string }) {
  return <span class={`verdict ${dashed(status)}`}>{text}</span>;
}

const dashed = (status: string | null): string => (status ?? "").replace(" ", "-");
