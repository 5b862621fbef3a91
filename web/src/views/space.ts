/** Feature directions in space (three): a unit sphere, a line and a ball for each feature. */

import {
  BufferAttribute,
  type BufferGeometry,
  Color,
  InstancedMesh,
  type LineBasicMaterial,
  type LineSegments,
  Matrix4,
  MeshLambertMaterial,
  AmbientLight,
  DirectionalLight,
  PerspectiveCamera,
  Quaternion,
  Raycaster,
  Scene as World,
  SphereGeometry,
  CylinderGeometry,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

import { signed } from "../colour/scales";
import { edges } from "../math/geometry";
import { type Ink, type Surface, inkOf, paint, screenRatio } from "./canvas";
import type { Atoms } from "./atoms";
import { Needles } from "./needles";
import { LABELLED, writeNumber } from "./numbers";
import type { Scene } from "./scene";
import { MOST_EDGES, lines, sphere } from "./solids";

/** How near and how far the camera may be. */
const [NEAREST, FARTHEST] = [1.8, 12];
/** Numbers stand so far beyond the tips; short vectors crowd at the centre and stay without. */
const [BEYOND, SHORTEST] = [0.13, 0.15];

/** A size in CSS pixels, and how many of its own a picture has for each of them. */
export interface Size {
  width: number;
  height: number;
  ratio: number;
}

/** The wheel is for the page, unless Ctrl (or a pinch, which says so) is meant for the picture. */
function leaveToPage(event: WheelEvent): void {
  if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
}

export class Space {
  private readonly renderer: WebGLRenderer;
  private readonly world = new World();
  private readonly camera = new PerspectiveCamera(38, 1, 0.1, 50);
  private readonly controls: OrbitControls;
  private readonly caster = new Raycaster();
  private readonly edgeLines: LineSegments<BufferGeometry, LineBasicMaterial>;
  private readonly needles = new Needles(this.world);
  private balls: InstancedMesh | undefined;
  private rods: InstancedMesh | undefined;
  private points: Float64Array = new Float64Array(0);
  private readonly host: HTMLElement;
  /** The numbers of the features, above what WebGL draws. */
  private readonly labels = document.createElement("canvas");
  private size: Size = { width: 0, height: 0, ratio: 0 };

  /** Throws where the browser has no WebGL. `changed`: the camera has moved. */
  constructor(host: HTMLElement, changed: () => void) {
    this.host = host;
    this.renderer = new WebGLRenderer({
      antialias: true,
      alpha: true,
      powerPreference: "low-power",
    });
    this.renderer.domElement.className = "view-canvas";
    this.labels.className = "view-canvas labels";
    host.append(this.renderer.domElement, this.labels);
    host.addEventListener("wheel", leaveToPage, { capture: true, passive: true });
    this.camera.position.set(2.2, 1.5, 2.6);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.enablePan = false;
    this.controls.minDistance = NEAREST;
    this.controls.maxDistance = FARTHEST;
    this.controls.addEventListener("change", changed);
    const light = new DirectionalLight("#ffffff", 1.6);
    light.position.set(2, 4, 3);
    this.world.add(new AmbientLight("#ffffff", 2), light, sphere());
    this.edgeLines = lines();
    this.world.add(this.edgeLines);
  }

  get canvas(): HTMLCanvasElement {
    return this.renderer.domElement;
  }

  /** `flat`: what WebGL draws is copied to where it stays, as paper needs it. */
  draw(scene: Scene, points: Float64Array, flat = false, atoms: Atoms | null = null): void {
    const { clientWidth, clientHeight } = this.host;
    const size = { width: clientWidth, height: clientHeight, ratio: screenRatio() };
    this.needles.place(atoms, scene);
    this.render(scene, points, size);
    const above = (surface: Surface): void => {
      if (flat) surface.context.drawImage(this.canvas, 0, 0, surface.width, surface.height);
      this.numbers(surface, scene);
    };
    paint(this.labels, above, this.host, size.ratio, inkOf(this.host));
  }

  /** The same picture at a size of its own. */
  copy(canvas: HTMLCanvasElement, scene: Scene, points: Float64Array, size: Size, ink: Ink): void {
    this.render(scene, points, size);
    const all = (surface: Surface): void => {
      surface.context.fillStyle = ink.surface;
      surface.context.fillRect(0, 0, surface.width, surface.height);
      surface.context.drawImage(this.canvas, 0, 0, surface.width, surface.height);
      this.numbers(surface, scene);
    };
    const box = { clientWidth: size.width, clientHeight: size.height };
    paint(canvas, all, box, size.ratio, ink);
  }

  /** Farther away or nearer, by a factor. */
  zoom(factor: number): void {
    const place = this.camera.position;
    place.setLength(Math.min(Math.max(place.length() * factor, NEAREST), FARTHEST));
    this.controls.update();
  }

  /** Turn the camera, in radians: around the upright axis, and up. */
  turn(around: number, up: number): void {
    const place = this.camera.position;
    const radius = place.length();
    const polar = Math.min(Math.max(Math.acos(place.y / radius) - up, 0.1), Math.PI - 0.1);
    const azimuth = Math.atan2(place.x, place.z) + around;
    place.setFromSphericalCoords(radius, polar, azimuth);
    this.controls.update();
  }

  /** The feature whose ball is under a place of the canvas. */
  featureAt(x: number, y: number): number | null {
    if (!this.balls) return null;
    const { clientWidth, clientHeight } = this.host;
    const spot = new Vector2((2 * x) / clientWidth - 1, 1 - (2 * y) / clientHeight);
    this.caster.setFromCamera(spot, this.camera);
    return this.caster.intersectObject(this.balls)[0]?.instanceId ?? null;
  }

  dispose(): void {
    this.host.removeEventListener("wheel", leaveToPage, { capture: true });
    this.controls.dispose();
    this.renderer.dispose();
    this.canvas.remove();
    this.labels.remove();
  }

  private render(scene: Scene, points: Float64Array, size: Size): void {
    this.points = points;
    this.fit(size);
    this.features(scene);
    this.interferences(scene);
    this.renderer.render(this.world, this.camera);
  }

  private fit(size: Size): void {
    const { width, height, ratio } = size;
    const same = this.size.width === width && this.size.height === height;
    if (same && this.size.ratio === ratio) return;
    this.size = size;
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
  }

  /** The numbers of the features beyond their tips; those behind the centre step back. */
  private numbers({ context, width, height, theme }: Surface, scene: Scene): void {
    const { n } = scene.weights;
    const eye = this.camera.position;
    for (let i = 0; i < n; i++) {
      const place = this.tip(i);
      const length = place.length();
      const wanted = scene.hovered === i || (n <= LABELLED && length > SHORTEST);
      if (!wanted) continue;
      place.setLength(length + BEYOND);
      const behind = place.distanceTo(eye) > eye.length();
      place.project(this.camera);
      context.globalAlpha = scene.alpha(i) * (behind ? 0.55 : 1);
      const [x, y] = [((place.x + 1) / 2) * width, ((1 - place.y) / 2) * height];
      writeNumber(context, theme, i, x, y);
    }
    context.globalAlpha = 1;
  }

  /** A rod from the centre to W_i, and a ball at its end. */
  private features(scene: Scene): void {
    const { n } = scene.weights;
    if (this.balls?.count !== n) this.make(n);
    const ball = n > 24 ? 0.035 : 0.055;
    const [matrix, up] = [new Matrix4(), new Vector3(0, 1, 0)];
    for (let i = 0; i < n; i++) {
      const tip = this.tip(i);
      const length = tip.length();
      const size = scene.hovered === i ? 1.5 * ball : ball;
      const towards = length > 0 ? tip.clone().divideScalar(length) : up;
      const turn = new Quaternion().setFromUnitVectors(up, towards);
      matrix.compose(tip.clone().multiplyScalar(0.5), turn, new Vector3(1, length || 1e-6, 1));
      this.rods!.setMatrixAt(i, matrix);
      matrix.compose(tip, turn, new Vector3(size, size, size));
      this.balls!.setMatrixAt(i, matrix);
      const [r, g, b] = scene.colours[i]!;
      const colour = new Color().setRGB(r / 255, g / 255, b / 255, "srgb");
      const back = scene.scheme === "dark" ? "#1b2028" : "#ffffff";
      if (scene.alpha(i) < 1) colour.lerp(new Color(back), 0.65);
      this.balls!.setColorAt(i, colour);
      this.rods!.setColorAt(i, colour);
    }
    for (const mesh of [this.balls!, this.rods!]) {
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
      mesh.computeBoundingSphere();
    }
  }

  private make(n: number): void {
    for (const old of [this.balls, this.rods]) {
      if (!old) continue;
      this.world.remove(old);
      old.geometry.dispose();
      old.dispose();
    }
    const material = new MeshLambertMaterial();
    this.balls = new InstancedMesh(new SphereGeometry(1, 24, 16), material, n);
    const thin = n > 24 ? 0.008 : 0.016;
    this.rods = new InstancedMesh(new CylinderGeometry(thin, thin, 1, 10), material, n);
    this.world.add(this.balls, this.rods);
  }

  private interferences(scene: Scene): void {
    const found = edges(scene.gram, scene.weights.n, 0.1, MOST_EDGES);
    const { geometry } = this.edgeLines;
    const places = geometry.getAttribute("position") as BufferAttribute;
    const colours = geometry.getAttribute("color") as BufferAttribute;
    found.forEach(({ i, j, value }, k) => {
      const [r, g, b] = signed(
        value < 0 ? Math.min(value, -0.45) : Math.max(value, 0.45),
        scene.scheme,
      );
      const colour = new Color().setRGB(r / 255, g / 255, b / 255, "srgb");
      const touched = scene.hovered === null || scene.hovered === i || scene.hovered === j;
      const strength = touched ? 0.35 + 0.65 * Math.min(Math.abs(value), 1) : 0.08;
      [i, j].forEach((feature, end) => {
        const { x, y, z } = this.tip(feature);
        places.setXYZ(2 * k + end, x, y, z);
        colours.setXYZW(2 * k + end, colour.r, colour.g, colour.b, strength);
      });
    });
    geometry.setDrawRange(0, 2 * found.length);
    places.needsUpdate = true;
    colours.needsUpdate = true;
  }

  private tip(i: number): Vector3 {
    const at = (k: number): number => {
      const value = this.points[3 * i + k]!;
      return Number.isFinite(value) ? value : 0;
    };
    return new Vector3(at(0), at(1), at(2));
  }
}
