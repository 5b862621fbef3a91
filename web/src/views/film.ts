/** Pictures as a film: encoded by the browser (WebCodecs), put into a file by mediabunny. */

import {
  BufferTarget,
  CanvasSource,
  Mp4OutputFormat,
  Output,
  QUALITY_HIGH,
  type VideoCodec,
  WebMOutputFormat,
  getFirstEncodableVideoCodec,
} from "mediabunny";

export type FilmKind = "webm" | "mp4";

/** Frames per second. */
const RATE = 25;
const CODECS: Record<FilmKind, VideoCodec[]> = { webm: ["vp9", "vp8"], mp4: ["avc"] };

/** A film under way: a frame is what the canvas shows when it is added. */
export interface Film {
  add(): Promise<void>;
  finish(): Promise<Blob>;
  cancel(): Promise<void>;
}

/** Throws, in words, where this browser cannot encode such a film of the canvas' size. */
export async function startFilm(canvas: HTMLCanvasElement, kind: FilmKind): Promise<Film> {
  const { width, height } = canvas;
  const codec = await getFirstEncodableVideoCodec(CODECS[kind], { width, height });
  if (!codec) throw new Error(`this browser cannot encode ${kind} of ${width} by ${height} pixels`);
  const target = new BufferTarget();
  const format = kind === "webm" ? new WebMOutputFormat() : new Mp4OutputFormat();
  const output = new Output({ format, target });
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH });
  output.addVideoTrack(source, { frameRate: RATE });
  await output.start();
  let frames = 0;
  return {
    add: () => source.add(frames++ / RATE, 1 / RATE),
    finish: async () => {
      await output.finalize();
      return new Blob([target.buffer!], { type: `video/${kind}` });
    },
    cancel: () => output.cancel(),
  };
}
