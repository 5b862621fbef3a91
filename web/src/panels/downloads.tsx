/** The model and its picture as files. */

import { useRef } from "preact/hooks";

import { currentScene, flat } from "../page/stage";
import { analysis, frame, hello, isOf, view } from "../state/session";
import { inkOf } from "../views/canvas";
import { freshCanvas } from "./space";
import { canvasPng, save, vectorsSvg } from "../views/picture";

export function Downloads() {
  const menu = useRef<HTMLDetailsElement>(null);
  const session = hello.value?.session;
  const address = (file: string): string => `api/sessions/${session}/${file}`;
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
      <div class="menu-body" onClick={close}>
        <h3>This picture</h3>
        <button type="button" class="button bare" name="picture-svg" onClick={saveSvg}>
          SVG
        </button>
        <button type="button" class="button bare" name="picture-png" onClick={savePng}>
          PNG
        </button>
        {session && frame.value && (
          <>
            <h3>This model</h3>
            <a class="button bare" href={address("model.safetensors")} download>
              safetensors
            </a>
            <a class="button bare" href={address("model.json")} download>
              JSON
            </a>
            <a class="button bare" href={address("model.npz")} download>
              NumPy
            </a>
            <h3>All N models</h3>
            <a class="button bare" href={address("model.safetensors?which=all")} download>
              safetensors
            </a>
            <a class="button bare" href={address("model.npz?which=all")} download>
              NumPy
            </a>
            <h3>Figure as in the report</h3>
            <a class="button bare" href={address("figure.svg")} download>
              SVG
            </a>
            <a class="button bare" href={address("figure.png")} download>
              PNG
            </a>
          </>
        )}
      </div>
    </details>
  );
}

/** What the picture shows; a shape is named if it was found at this very step. */
const title = (): string => {
  const [a, f] = [analysis.value, frame.value];
  const shape = a && f && isOf(a, f) && a.step === f.step ? a.shape : "model";
  return `tegum: ${shape}${f ? `, step ${f.step}` : ""}`;
};

const fileName = (ending: string): string => `tegum-step-${frame.value?.step ?? 0}.${ending}`;

function saveSvg(): void {
  const scene = currentScene();
  if (!scene) return;
  const text = vectorsSvg(scene, flat.points(scene, view.value), title());
  save(new Blob([text], { type: "image/svg+xml" }), fileName("svg"));
}

async function savePng(): Promise<void> {
  const canvas = freshCanvas();
  if (!canvas) return;
  const blob = await canvasPng(canvas, inkOf(canvas).surface);
  if (blob) save(blob, fileName("png"));
}
