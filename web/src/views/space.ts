/** Feature directions in space (three): a unit sphere, a line and a ball for each feature. */

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DynamicDrawUsage,
  InstancedMesh,
  LineBasicMaterial,
  LineSegments,
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
import type { Scene } from "./scene";

/** At most this many edges are drawn, the strongest. */
const MOST_EDGES = 600;

export class Space {
  private readonly renderer: WebGLRenderer;
  private readonly world = new World();
  private readonly camera = new PerspectiveCamera(38, 1, 0.1, 50);
  private readonly controls: OrbitControls;
  private readonly caster = new Raycaster();
  private readonly edgeLines: LineSegments<BufferGeometry, LineBasicMaterial>;
  private balls: InstancedMesh | undefined;
  private rods: InstancedMesh | undefined;
  private points: Float64Array = new Float64Array(0);
  private readonly host: HTMLElement;

  /** Throws where the browser has no WebGL. `changed`: the camera has moved. */
  constructor(host: HTMLElement, changed: () => void) {
    this.host = host;
    this.renderer = new WebGLRenderer({
      antialias: true,
      alpha: true,
      powerPreference: "low-power",
    });
    this.renderer.domElement.className = "view-canvas";
    host.append(this.renderer.domElement);
    this.camera.position.set(2.2, 1.5, 2.6);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.enablePan = false;
    this.controls.minDistance = 1.8;
    this.controls.maxDistance = 12;
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

  draw(scene: Scene, points: Float64Array): void {
    this.points = points;
    this.fit();
    this.features(scene);
    this.interferences(scene);
    this.renderer.render(this.world, this.camera);
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
    this.controls.dispose();
    this.renderer.dispose();
    this.canvas.remove();
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const size = this.renderer.getSize(new Vector2());
    if (size.x === width && size.y === height) return;
    this.renderer.setPixelRatio(Math.min(globalThis.devicePixelRatio || 1, 2));
    this.renderer.setSize(width, height);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
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

/** The unit sphere, faint: meridians and parallels. */
function sphere(): LineSegments {
  const [meridians, parallels, pieces] = [8, 7, 72];
  const ends: Vector3[] = [];
  const circle = (at: (angle: number) => Vector3): void => {
    for (let k = 0; k < pieces; k++) {
      ends.push(at((2 * Math.PI * k) / pieces), at((2 * Math.PI * (k + 1)) / pieces));
    }
  };
  for (let k = 0; k < meridians; k++) {
    const turn = (Math.PI * k) / meridians;
    circle((angle) => new Vector3().setFromSphericalCoords(1, angle, turn));
  }
  for (let k = 1; k <= parallels; k++) {
    const polar = (Math.PI * k) / (parallels + 1);
    circle((angle) => new Vector3().setFromSphericalCoords(1, polar, angle));
  }
  const faint = new LineBasicMaterial({ color: "#8a919c", transparent: true, opacity: 0.2 });
  return new LineSegments(new BufferGeometry().setFromPoints(ends), faint);
}

function lines(): LineSegments<BufferGeometry, LineBasicMaterial> {
  const geometry = new BufferGeometry();
  const attribute = (width: number): BufferAttribute =>
    new BufferAttribute(new Float32Array(MOST_EDGES * 2 * width), width).setUsage(DynamicDrawUsage);
  geometry.setAttribute("position", attribute(3));
  geometry.setAttribute("color", attribute(4));
  const material = new LineBasicMaterial({ vertexColors: true, transparent: true });
  const made = new LineSegments(geometry, material);
  made.frustumCulled = false;
  return made;
}
