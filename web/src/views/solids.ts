/** What the 3-D view is made of that no model changes: the unit sphere, room for edges. */

import {
  BufferAttribute,
  BufferGeometry,
  DynamicDrawUsage,
  LineBasicMaterial,
  LineSegments,
  Vector3,
} from "three";

/** At most this many edges are drawn, the strongest. */
export const MOST_EDGES = 600;

/** The unit sphere, faint: meridians and parallels. */
export function sphere(): LineSegments {
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

/** Ends and colours of as many edges as are drawn. */
export function lines(): LineSegments<BufferGeometry, LineBasicMaterial> {
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
