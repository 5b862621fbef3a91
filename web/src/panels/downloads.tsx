/** The model, its picture and a film of its training as files. */

import { useRef, useState } from "preact/hooks";

import { count } from "../math/format";
import { MOST_PIXELS, painterFor, shownWidth, sizeOf } from "../page/pictures";
import { canFilm, filming, record } from "../page/recorder";
import { currentScene, flat } from "../page/stage";
import { analysis, configured, frame, hello, isOf, trouble, view } from "../state/session";
import { isSite } from "../wire/data";
import { screenRatio } from "../views/canvas";
import type { FilmKind } from "../views/film";
import { save, vectorsSvg } from "../views/picture";

export function Downloads() {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = (): void => void (menu.current!.open = false);
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => event.key === "Escape" && close()}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (next instanceof Node && !menu.current!.contains(next)) close();
      }}
    >
      <summary class="button">Download</summary>
      <div
        class="menu-body"
        onClick={({ target }) => (target as Element).closest("a, button") && close()}
      >
        <Pictures />
        {frame.value && <Models />}
      </div>
    </details>
  );
}

/** Widths to choose from, as multiples of the one on the screen; 0: a width of one's own. */
const SIZES = [
  [1, "as on the screen"],
  [2, "2 × as large"],
  [4, "4 × as large"],
  [0, "a width of"],
] as const;

function Pictures() {
  const [times, setTimes] = useState(1);
  const [width, setWidth] = useState(1920);
  const pixels = (): number => (times ? times * shownWidth() * screenRatio() : width);
  const space = view.value.mode === "3d" && (currentScene()?.weights.m ?? 2) > 1;
  return (
    <>
      <h3>This picture</h3>
      <div class="menu-row">
        <select
          name="picture-size"
          aria-label="Size of pictures and films"
          value={String(times)}
          onChange={({ currentTarget: { value } }) => setTimes(Number(value))}
        >
          {SIZES.map(([value, text]) => (
            <option key={value} value={String(value)}>
              {text}
            </option>
          ))}
        </select>
        {times === 0 && (
          <label>
            <input
              name="picture-width"
              type="number"
              min={100}
              max={MOST_PIXELS}
              value={width}
              aria-label="Width in pixels"
              onChange={({ currentTarget: { valueAsNumber } }) =>
                setWidth(Math.min(Math.max(Math.round(valueAsNumber) || 100, 100), MOST_PIXELS))
              }
            />{" "}
            px
          </label>
        )}
      </div>
      <button
        type="button"
        class="button bare"
        name="picture-svg"
        disabled={space}
        title={space ? "A picture in space has no SVG: take PNG, or the plane" : undefined}
        onClick={() => saveSvg(pixels())}
      >
        SVG
      </button>
      <button
        type="button"
        class="button bare"
        name="picture-png"
        onClick={() => savePng(pixels())}
      >
        PNG
      </button>
      <h3>Film of the training, step by kept step</h3>
      {(["webm", "mp4"] as const).map((kind) => (
        <button
          key={kind}
          type="button"
          class="button bare"
          name={`film-${kind}`}
          disabled={!canFilm() || filming.value !== null}
          onClick={() => saveFilm(kind, pixels())}
        >
          {kind === "webm" ? "WebM" : "MP4"}
        </button>
      ))}
      {!canFilm() && <span class="quiet">This browser encodes no films here (VideoEncoder).</span>}
    </>
  );
}

const EVERY = "?which=all";

function Models() {
  if (isSite())
    return (
      <p class="quiet">
        Files of the models need <code>tegum explore</code>.
      </p>
    );
  const session = hello.value?.session;
  if (!session) return null;
  const link = (file: string, text: string) => (
    <a class="button bare" href={`api/sessions/${session}/${file}`} download>
      {text}
    </a>
  );
  return (
    <>
      <h3>This model</h3>
      {link("model.safetensors", "safetensors")}
      {link("model.json", "JSON")}
      {link("model.npz", "NumPy")}
      <h3>All {count(configured.value?.seeds ?? 1)} models</h3>
      {link(`model.safetensors${EVERY}`, "safetensors")}
      {link(`model.npz${EVERY}`, "NumPy")}
      <h3>Figure as in the report</h3>
      {link("figure.svg", "SVG")}
      {link("figure.png", "PNG")}
    </>
  );
}

/** What the picture shows; a shape is named if it was found at this very step. */
const title = (): string => {
  const [a, f] = [analysis.value, frame.value];
  const shape = a && f && isOf(a, f) && a.step === f.step ? a.shape : "model";
  return `tegum: ${shape}${f ? `, step ${f.step}` : ""}`;
};

const fileName = (ending: string): string => `tegum-step-${frame.value?.step ?? 0}.${ending}`;

function saveSvg(pixels: number): void {
  const scene = currentScene();
  if (!scene) return;
  const text = vectorsSvg(scene, flat.points(scene, view.value), title(), Math.round(pixels));
  save(new Blob([text], { type: "image/svg+xml" }), fileName("svg"));
}

function savePng(pixels: number): void {
  const [scene, size] = [currentScene(), sizeOf(pixels)];
  const draw = scene && painterFor(scene);
  if (!draw || !size) return;
  const canvas = document.createElement("canvas");
  draw(canvas, scene, size);
  canvas.toBlob((blob) => blob && save(blob, fileName("png")), "image/png");
}

async function saveFilm(kind: FilmKind, pixels: number): Promise<void> {
  try {
    const film = await record(kind, pixels);
    if (film) save(film, fileName(kind));
  } catch (error) {
    trouble.value = `The film was not made: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
