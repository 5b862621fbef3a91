/** Atoms of a dictionary in space: thin rods, each with a small ball in the colour of its feature. */

import {
  Color,
  CylinderGeometry,
  InstancedMesh,
  Matrix4,
  MeshLambertMaterial,
  Quaternion,
  type Scene as World,
  SphereGeometry,
  Vector3,
} from "three";

import type { Atoms } from "./atoms";
import type { Scene } from "./scene";

const [THIN, BALL] = [0.007, 0.032];
const UP = new Vector3(0, 1, 0);

export class Needles {
  private readonly world: World;
  private rods: InstancedMesh | undefined;
  private balls: InstancedMesh | undefined;

  constructor(world: World) {
    this.world = world;
  }

  /** As many as there are; null: none. */
  place(atoms: Atoms | null, scene: Scene): void {
    const count = atoms ? Math.floor(atoms.points.length / 3) : 0;
    if ((this.balls?.count ?? 0) !== count) this.make(count);
    if (!atoms || !this.rods || !this.balls) return;
    const dark = scene.scheme === "dark";
    const ink = new Color(dark ? "#e6e9ee" : "#1d232b");
    const back = new Color(dark ? "#1b2028" : "#ffffff");
    const matrix = new Matrix4();
    for (let k = 0; k < count; k++) {
      const [x, y, z] = atoms.points.subarray(3 * k, 3 * k + 3);
      const tip = new Vector3(x || 0, y || 0, z || 0);
      const length = tip.length();
      const turn = new Quaternion().setFromUnitVectors(
        UP,
        length > 0 ? tip.clone().normalize() : UP,
      );
      matrix.compose(tip.clone().multiplyScalar(0.5), turn, new Vector3(1, length || 1e-6, 1));
      this.rods.setMatrixAt(k, matrix);
      matrix.compose(tip, turn, new Vector3(1, 1, 1));
      this.balls.setMatrixAt(k, matrix);
      const feature = atoms.features[k] ?? null;
      const [r, g, b] = feature === null ? [128, 128, 128] : scene.colours[feature]!;
      const colour = new Color().setRGB(r / 255, g / 255, b / 255, "srgb");
      const line = ink.clone();
      if (atoms.dead[k]) for (const one of [colour, line]) one.lerp(back, 0.65);
      this.rods.setColorAt(k, line);
      this.balls.setColorAt(k, colour);
    }
    for (const mesh of [this.rods, this.balls]) {
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
      mesh.computeBoundingSphere();
    }
  }

  private make(count: number): void {
    for (const old of [this.rods, this.balls]) {
      if (!old) continue;
      this.world.remove(old);
      old.geometry.dispose();
      old.dispose();
    }
    this.rods = this.balls = undefined;
    if (count === 0) return;
    const material = new MeshLambertMaterial();
    this.rods = new InstancedMesh(new CylinderGeometry(THIN, THIN, 1, 8), material, count);
    this.balls = new InstancedMesh(new SphereGeometry(BALL, 16, 12), material, count);
    this.world.add(this.rods, this.balls);
  }
}
