/** A short guided path: each step a model, and a few sentences on what to see in it. */

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { pointTo } from "../page/point";
import { Controls } from "../panels/controls";
import { DictionaryControls, DictionaryStage } from "../panels/dictionary";
import { configure } from "../state/actions";
import { configured, look, view } from "../state/session";
import { decodeView, namesState } from "../state/url";
import { WISH, type Wish } from "../state/view";
import { read } from "../wire/data";
import type { ServerState } from "../wire/messages";
import { Stage } from "./live";

interface Lesson {
  title: string;
  text: string[];
  state: ServerState;
  until: number | null;
  view: string;
  /** The groups of controls that the text asks to be used. */
  controls: string[];
  try?: string;
  /** The dictionary that it is about. */
  dictionary?: Partial<Wish>;
}

const lessons = signal<Lesson[]>([]);
const failure = signal("");

async function load(): Promise<void> {
  lessons.value = await read<Lesson[]>("lessons");
}

/** Show a lesson: its model from the start, in the view that it speaks of. */
function open(index: number): void {
  const lesson = lessons.value[index];
  if (!lesson) return;
  const mode = lesson.view === "space" ? "3d" : "2d";
  look({ lesson: index, mode, plane: "principal", wish: { ...WISH, ...lesson.dictionary } });
  configure(
    lesson.state,
    lesson.until ? { at: lesson.until, running: false, past: null } : undefined,
  );
}

/** An address that names a lesson's model is shown as it stands; else the lesson starts anew. */
let kept =
  decodeView(globalThis.location.hash).tab === "lessons" && namesState(globalThis.location.hash);

export function LessonsTab() {
  // Before anything is painted: the model of another tab is not to be seen beside a lesson.
  useLayoutEffect(() => {
    const begin = (): void => {
      if (!kept) open(view.peek().lesson);
      kept = false;
    };
    if (lessons.value.length > 0) return begin();
    load()
      .then(begin)
      .catch((error: Error) => (failure.value = error.message));
  }, []);
  const index = Math.min(view.value.lesson, Math.max(lessons.value.length - 1, 0));
  const lesson = lessons.value[index];
  const pointed = useRef<Lesson | null>(null);
  configured.value; // with a model, panels of its own come
  useEffect(() => {
    if (lesson && pointed.current !== lesson && pointTo(lesson.view)) pointed.current = lesson;
  });
  return (
    <main class="live" id="main">
      <aside class="column lesson">
        {failure.value && <p class="notice">The lessons cannot be read: {failure.value}</p>}
        {lesson && <Text lesson={lesson} index={index} />}
      </aside>
      {lesson?.dictionary ? (
        <DictionaryStage waits={lesson.until !== null} />
      ) : (
        <Stage focus={lesson?.view} />
      )}
    </main>
  );
}

function Text({ lesson, index }: { lesson: Lesson; index: number }) {
  const total = lessons.value.length;
  return (
    <>
      <div class="lesson-head">
        <nav class="steps" aria-label="Lessons">
          {lessons.value.map(({ title }, k) => (
            <button
              key={title}
              type="button"
              aria-current={k === index ? "step" : undefined}
              aria-label={`Lesson ${k + 1}: ${title}`}
              title={title}
              onClick={() => open(k)}
            >
              {k + 1}
            </button>
          ))}
        </nav>
        <div class="buttons">
          <button
            type="button"
            class="button"
            disabled={index === 0}
            onClick={() => open(index - 1)}
          >
            Back
          </button>
          <button
            type="button"
            class="button primary"
            disabled={index + 1 >= total}
            onClick={() => open(index + 1)}
          >
            Next
          </button>
        </div>
      </div>
      <article aria-live="polite">
        <h2>{lesson.title}</h2>
        {lesson.text.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        {lesson.view === "phase" && (
          <p>
            <button
              type="button"
              class="button view-phase"
              onClick={() => look({ tab: "phase", diagram: 2 })}
            >
              Open the phase diagram
            </button>
          </p>
        )}
        {lesson.try && (
          <p class="try">
            <b>Try:</b> {lesson.try}
          </p>
        )}
      </article>
      {lesson.dictionary ? <DictionaryControls /> : <Controls named={lesson.controls} />}
    </>
  );
}
