/** The frame of the page: its name, its tabs, what is wrong, and the tab that is open. */

import { useEffect, useState } from "preact/hooks";

import { Help, helpOpen } from "../panels/help";
import { configure } from "../state/actions";
import { connection, connectionReason, look, over, state, trouble, view } from "../state/session";
import { DictionaryTab } from "../tabs/dictionary";
import { GalleryTab } from "../tabs/gallery";
import { LessonsTab } from "../tabs/lessons";
import { LiveTab } from "../tabs/live";
import { PhaseTab } from "../tabs/phase";
import { TABS, THEMES, type View } from "../state/view";
import { currentHash } from "./address";
import { canFill, fillScreen, fullScreen, present, presenting } from "./present";

/** What tabs are called; the rest of a name where there is room for it. */
const TAB_NAMES: Record<View["tab"], [name: string, rest?: string]> = {
  live: ["Live", " model"],
  lessons: ["Lessons"],
  phase: ["Phase", " diagram"],
  dictionary: ["Dictionary"],
  gallery: ["Gallery"],
};

const BODIES = {
  live: LiveTab,
  lessons: LessonsTab,
  phase: PhaseTab,
  dictionary: DictionaryTab,
  gallery: GalleryTab,
};

export function App() {
  const { tab } = view.value;
  const Body = BODIES[tab];
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <h1>
          <img src="./icon.svg" alt="" width="30" height="30" />
          <span>tegum</span>
        </h1>
        <nav aria-label="Tabs">
          {TABS.map((name) => (
            <button
              key={name}
              type="button"
              name={`tab-${name}`}
              aria-current={name === tab ? "page" : undefined}
              onClick={() => look({ tab: name })}
            >
              {TAB_NAMES[name][0]}
              {TAB_NAMES[name][1] && <span class="roomy">{TAB_NAMES[name][1]}</span>}
            </button>
          ))}
        </nav>
        <div class="top-tools">
          <Share />
          <Theme />
          <Screen />
          <button
            type="button"
            class="button icon"
            name="help"
            aria-label="Help"
            title="Help: ?"
            onClick={() => (helpOpen.value = true)}
          >
            ?
          </button>
        </div>
      </header>
      {presenting.value && (
        <button type="button" class="button end-presenting" onClick={() => present(false)}>
          End <kbd>Esc</kbd>
        </button>
      )}
      <Trouble />
      <Body />
      <Help />
    </>
  );
}

/** The fragment is the state of the page, so the link moves the focus itself. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  const main = document.getElementById("main");
  main?.setAttribute("tabindex", "-1");
  main?.focus();
}

function Trouble() {
  const lost = connection.value === "lost";
  const text = lost
    ? `The connection to tegum is lost${connectionReason.value ? ` (${connectionReason.value})` : ""}. Trying again …`
    : trouble.value;
  if (!text) return null;
  const again = (): void => {
    if (state.value) configure(state.value);
  };
  return (
    <div class="trouble" role="alert">
      <span>{text}</span>
      {!lost && (
        <>
          {over.value && (
            <button type="button" class="button" onClick={again}>
              Train again
            </button>
          )}
          <button
            type="button"
            class="button bare"
            aria-label="Close the message"
            onClick={() => (trouble.value = "")}
          >
            ✕
          </button>
        </>
      )}
    </div>
  );
}

function Share() {
  const [text, setText] = useState("Copy link");
  useEffect(() => {
    const timer = setTimeout(() => setText("Copy link"), 1800);
    return () => clearTimeout(timer);
  }, [text]);
  const copy = async (): Promise<void> => {
    const url = new URL(globalThis.location.href);
    url.hash = currentHash();
    try {
      await navigator.clipboard.writeText(url.href);
      setText("Copied");
    } catch {
      globalThis.history.replaceState(null, "", url.hash);
      setText("It is in the address bar");
    }
  };
  return (
    <button
      type="button"
      class="button"
      name="share"
      title="The address of the page reproduces it, seed included"
      onClick={copy}
    >
      {text}
    </button>
  );
}

interface Switch {
  name: string;
  label: string;
  title: string;
  on: boolean;
  disabled?: boolean;
  /** Lines of 16 by 16, in the colour of the text. */
  path: string;
  flip: () => void;
}

/** A button with a picture, pressed while what it switches is on. */
function IconSwitch({ name, label, title, on, disabled = false, path, flip }: Switch) {
  return (
    <button
      type="button"
      class="button icon"
      name={name}
      aria-label={label}
      aria-pressed={on}
      disabled={disabled}
      title={title}
      onClick={() => flip()}
    >
      <svg class="icon-lines" viewBox="0 0 16 16" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}

/** The whole screen, and type for a room. */
function Screen() {
  return (
    <>
      <IconSwitch
        name="full-screen"
        label="Full screen"
        title={canFill() ? "Full screen: F" : "This browser gives pages no full screen"}
        on={fullScreen.value}
        disabled={!canFill()}
        path="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"
        flip={fillScreen}
      />
      <IconSwitch
        name="presentation"
        label="Present"
        title="Present, with larger type: P; Escape ends it"
        on={presenting.value}
        path="M1.5 2.5h13v8h-13zM8 10.5v3M5 14h6"
        flip={present}
      />
    </>
  );
}

const THEME_NAMES: Record<View["theme"], string> = { auto: "Auto", light: "Light", dark: "Dark" };

function Theme() {
  const { theme } = view.value;
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  return (
    <button
      type="button"
      class="button"
      name="theme"
      aria-label={`Colours: ${THEME_NAMES[theme]}`}
      title={`Colours; next: ${THEME_NAMES[next]}`}
      onClick={() => look({ theme: next })}
    >
      <span aria-hidden="true">◐</span> <span class="roomy">{THEME_NAMES[theme]}</span>
    </button>
  );
}
