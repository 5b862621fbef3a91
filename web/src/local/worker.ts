/** The server's part, without a server: messages in, slices of training, frames out, in turn. */

import type { Hello, ServerState } from "../wire/messages";
import { Beside } from "./beside";
import { DictionaryJob, type DictionaryWish } from "./dictionary";
import { Live, type Means } from "./live";
import type { Polytope } from "./matching";
import { checked } from "./messages";
import { PhaseJob, type PhaseWish } from "./phases";
import { type Code, Refusal } from "./refusal";
import { Screen } from "./screen";
import { Trainer } from "./trainer";

/** Milliseconds between two frames of a diagram, and of a dictionary. */
const [PHASE, DICTIONARY] = [250, 100];

/** What a site holds for its pages: what a server would say first, and the polytopes by name. */
export interface Known {
  hello: Hello & Means;
  catalogue: { name: string; rank: number; gram: number[][] }[];
}

export interface Page {
  text(message: object): void;
  frame(bytes: ArrayBuffer): void;
}

/** A message that was checked: the fields of its type are there. */
interface Command {
  id: unknown;
  type: string;
  state: ServerState;
  values: Record<string, number | number[]>;
  run: boolean;
  until: number | null;
  steps: number;
  steps_per_second: number | null;
  seed: number | "best" | null;
  all: boolean;
  fps: number;
  step: number | null;
  frame: number;
  l1: number;
}

export class Worker {
  private readonly page: Page;
  private readonly means: Hello & Means;
  private readonly screen: Screen;
  private readonly trainer: Trainer;
  private run = 0;
  private readonly phase: Beside<PhaseJob>;
  private readonly dictionary: Beside<DictionaryJob>;

  constructor(page: Page, { hello, catalogue }: Known) {
    this.page = page;
    this.means = hello;
    const polytopes: Polytope[] = catalogue.map(({ gram, ...entry }) => ({
      ...entry,
      gram: gram.map((row) => Float64Array.from(row)),
    }));
    this.screen = new Screen(page, polytopes, hello);
    this.trainer = new Trainer(this.screen);
    const send = (frame: ArrayBuffer): void => page.frame(frame);
    this.phase = new Beside(send, PHASE);
    this.dictionary = new Beside(send, DICTIONARY);
    page.text(hello);
  }

  /** Do what a message asks for. */
  hear(data: unknown): void {
    const id = (data as Partial<Command> | null)?.id ?? null;
    try {
      const command = checked(data);
      this[`on_${command.type}` as "on_ping"](command as unknown as Command);
    } catch (error) {
      const [code, message] =
        error instanceof Refusal
          ? [error.code, error.message]
          : ["failed", `${error instanceof Error ? error.message : String(error)}`];
      this.page.text({ type: "error", id, code, message });
    }
  }

  /** A slice of everything that is due. */
  work(): void {
    try {
      this.trainer.work();
    } catch (error) {
      this.trainer.stop("failed");
      this.fail("failed", "training", error);
    }
    this.beside("phase", "phase diagram");
    this.beside("dictionary", "dictionary");
    this.screen.show();
  }

  /** What raises beside the training is over, and the training is not. */
  private beside(what: "phase" | "dictionary", title: string): void {
    const job = this[what];
    try {
      job.work();
    } catch (error) {
      job.end();
      this.page.text({ type: `${what}_stopped`, [what]: job.number });
      this.fail(what, title, error);
    }
  }

  private fail(code: Code, what: string, error: unknown): void {
    const message = `the ${what} failed: ${error instanceof Error ? error.message : String(error)}`;
    this.page.text({ type: "error", id: null, code, message });
  }

  /** Milliseconds until there is something to do; null: nothing before the next message. */
  wait(): number | null {
    const all = [this.screen, this.trainer, this.phase, this.dictionary];
    const waits = all.map((one) => one.wait());
    const known = waits.filter((wait) => wait !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  private ok({ id }: Command): void {
    this.page.text({ type: "ok", id });
  }

  private begin(id: unknown, live: Live, run: boolean, until: number | null): void {
    this.run += 1;
    this.trainer.begin(live, this.run);
    const { models, seeds, plan } = live;
    const { n, m, blocks } = plan;
    const draws = blocks.map(({ kind, start, size }) => ({ kind, start, size }));
    this.page.text({
      type: "configured",
      id,
      run: this.run,
      ...{ n_features: n, n_hidden: m, seeds, draws },
      parameters: models.shapes,
      neurons: plan.reluHidden,
      state: live.state(),
      repeatable: true,
    });
    if (run) this.trainer.go(until);
  }

  on_configure({ id, state, run, until }: Command): void {
    this.begin(id, new Live(state, this.means), run, until);
  }

  on_restart({ id, seed, run }: Command): void {
    const state = this.trainer.present.fresh(seed === "best" ? null : seed);
    this.begin(id, new Live(state, this.means), run, null);
  }

  on_run(command: Command): void {
    const live = this.trainer.present;
    if (live.ended)
      throw new Refusal("state", `the training has made its ${live.horizon} steps: raise steps`);
    this.trainer.go(command.until);
    this.ok(command);
  }

  on_pause(command: Command): void {
    if (this.trainer.present && this.screen.status === "running") this.trainer.stop("paused");
    this.screen.want("frame");
    this.ok(command);
  }

  on_step(command: Command): void {
    this.trainer.go(this.trainer.present.step + command.steps);
    this.ok(command);
  }

  on_change({ id, values }: Command): void {
    const live = this.trainer.present;
    live.change(values);
    this.screen.past = null;
    if (this.screen.status === "done" && !live.ended) this.screen.status = "paused";
    this.screen.want("frame", "analysis");
    const { step, repeatable } = live;
    this.page.text({ type: "changed", id, run: this.run, step, state: live.state(), repeatable });
  }

  on_speed(command: Command): void {
    this.trainer.limit(command.steps_per_second);
    this.ok(command);
  }

  on_select(command: Command): void {
    const count = this.trainer.present.seeds;
    const seed = command.seed ?? "best";
    if (seed !== "best" && seed >= count)
      throw new Refusal("state", `there are seeds 0 to ${count - 1}; got ${seed}`);
    this.screen.selected = seed;
    this.screen.want("frame", "analysis", "traces");
    this.ok(command);
  }

  on_watch(command: Command): void {
    this.screen.all = command.all;
    this.screen.fps = command.fps;
    this.screen.want("frame");
    this.ok(command);
  }

  on_seek(command: Command): void {
    const live = this.trainer.present;
    if (this.screen.status === "running") this.trainer.stop("paused");
    this.screen.past = command.step === null ? null : live.history.at(command.step);
    this.screen.want("frame", "analysis");
    this.ok(command);
  }

  on_traces(command: Command): void {
    if (this.trainer.present) this.screen.want("traces");
    this.ok(command);
  }

  on_phase(command: Command): void {
    const wish = command as unknown as PhaseWish;
    const job = new PhaseJob(this.phase.number + 1, wish, this.means);
    this.phase.number += 1;
    this.ok(command);
    this.phase.begin(job);
  }

  on_phase_stop({ id }: Command): void {
    this.phase.end();
    this.page.text({ type: "phase_stopped", id, phase: this.phase.number });
  }

  on_dictionary(command: Command): void {
    const live = this.trainer.present;
    if (this.screen.status === "running") this.trainer.stop("paused");
    const { run, screen, means } = this;
    const moment = screen.past ?? live.moment();
    const wish = command as unknown as DictionaryWish;
    const source = { run, moment, seed: screen.seed(live) };
    const job = new DictionaryJob(this.dictionary.number + 1, wish, source, means);
    this.dictionary.number += 1;
    this.ok(command);
    this.dictionary.begin(job, wish.steps_per_second);
  }

  on_dictionary_change(command: Command): void {
    const { job } = this.dictionary;
    if (!job) throw new Refusal("state", "there is no dictionary in training: ask for one first");
    job.change(command.l1);
    this.ok(command);
  }

  on_dictionary_stop({ id }: Command): void {
    this.dictionary.end();
    this.page.text({ type: "dictionary_stopped", id, dictionary: this.dictionary.number });
  }

  on_ack({ frame }: Command): void {
    this.screen.drawn(frame);
  }

  on_ping(command: Command): void {
    this.ok(command);
  }
}
