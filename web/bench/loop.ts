/**
 * What the kernel is measured against: the same training as a loop over typed arrays, as one would
 * write it with care. Features that are off are passed over, samples without one are counted and
 * added at the end, and an output that is 0 has no gradient.
 */

const [BETA1, BETA2] = [0.9, 0.999];

export class Loop {
  private readonly size: number;
  private readonly theta: Float32Array;
  private readonly gradient: Float32Array;
  private readonly moment: Float32Array;
  private readonly square: Float32Array;
  private readonly h: Float32Array;
  private readonly back: Float32Array;
  private readonly x: Float32Array;
  private readonly active: Int32Array;
  private readonly importance: Float32Array;
  private random = 88_172_645;
  private decay1 = 1;
  private decay2 = 1;
  private readonly n: number;
  private readonly m: number;
  private readonly p: number;
  private readonly batch: number;

  constructor(n: number, m: number, p: number, batch: number) {
    this.n = n;
    this.m = m;
    this.p = p;
    this.batch = batch;
    this.size = n * m + n;
    this.theta = new Float32Array(this.size);
    this.gradient = new Float32Array(this.size);
    this.moment = new Float32Array(this.size);
    this.square = new Float32Array(this.size);
    this.h = new Float32Array(m);
    this.back = new Float32Array(m);
    this.x = new Float32Array(n);
    this.active = new Int32Array(n);
    this.importance = new Float32Array(n).fill(1);
    const scale = Math.sqrt(2 / (n + m));
    for (let k = 0; k < n * m; k++) {
      const [u, v] = [Math.random(), Math.random()];
      this.theta[k] = scale * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
    }
  }

  train(steps: number, rate: number): void {
    for (let s = 0; s < steps; s++) {
      this.learn();
      this.move(rate);
    }
  }

  /** The gradient of a fresh batch. */
  private learn(): void {
    const { n, m, batch, theta, gradient, h, back, x, active, importance } = this;
    const [biases, limit, scale] = [n * m, this.p * 2 ** 24, 2 / batch];
    const again = 1 / limit;
    let [random, empty] = [this.random, 0];
    gradient.fill(0);
    for (let t = 0; t < batch; t++) {
      let count = 0;
      for (let i = 0; i < n; i++) {
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        const u = random >>> 8;
        if (u < limit) {
          x[i] = 1 - u * again;
          active[count++] = i;
        }
      }
      if (count === 0) {
        empty++;
        continue;
      }
      for (let k = 0; k < m; k++) {
        let sum = 0;
        for (let a = 0; a < count; a++) sum += theta[k * n + active[a]!]! * x[active[a]!]!;
        h[k] = sum;
        back[k] = 0;
      }
      for (let i = 0; i < n; i++) {
        let z = theta[biases + i]!;
        for (let k = 0, w = i; k < m; k++, w += n) z += theta[w]! * h[k]!;
        if (z <= 0) continue;
        const d = scale * importance[i]! * (z - x[i]!);
        gradient[biases + i]! += d;
        for (let k = 0, w = i; k < m; k++, w += n) {
          gradient[w]! += d * h[k]!;
          back[k]! += theta[w]! * d;
        }
      }
      for (let a = 0; a < count; a++) {
        const i = active[a]!;
        for (let k = 0, w = i; k < m; k++, w += n) gradient[w]! += back[k]! * x[i]!;
        x[i] = 0;
      }
    }
    for (let i = 0; i < n; i++) {
      const b = theta[biases + i]!;
      if (b > 0) gradient[biases + i]! += empty * scale * importance[i]! * b;
    }
    this.random = random;
  }

  /** A step of Adam. */
  private move(rate: number): void {
    const { theta, gradient, moment, square } = this;
    this.decay1 *= BETA1;
    this.decay2 *= BETA2;
    const [lr, correction] = [rate / (1 - this.decay1), 1 / (1 - this.decay2)];
    for (let k = 0; k < this.size; k++) {
      const g = gradient[k]!;
      moment[k] = BETA1 * moment[k]! + (1 - BETA1) * g;
      square[k] = BETA2 * square[k]! + (1 - BETA2) * g * g;
      theta[k]! -= (lr * moment[k]!) / (Math.sqrt(square[k]! * correction) + 1e-8);
    }
  }
}
