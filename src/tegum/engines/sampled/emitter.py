"""LLVM instructions on vectors of float32 under short names, and what this machine has of them."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba.core import cgutils, config

from tegum.engines.sampled.forms import FOURTH, IDENTITY, LEAKY, QUADRATIC, RELU, SQUARE
from tegum.models.activations import LEAKY_SLOPE

LANES = 16  # float32 lanes of one vector


def _has(feature: str) -> bool:
    settings: Any = config
    if settings.CPU_FEATURES is not None:  # kernels are made for another machine
        return f"+{feature}" in settings.CPU_FEATURES.split(",")
    try:
        return bool(get_host_cpu_features().get(feature, False))
    except RuntimeError:  # what kind of machine this is cannot be known
        return False


#: Whether there are 32 registers of 16 lanes, and instructions that pack lanes.
WIDE = _has("avx512f")
#: Whether there are 16 registers of 8 lanes, and an instruction that moves lanes about.
MOVES_LANES = _has("avx2")

F32_TYPE, I32_TYPE, I64_TYPE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
# Products and sums are one instruction where there is such, and nothing else is changed.
_FAST = ("contract",)

#: log2 of (1 + s)/(1 − s), by s times powers of s²; 2^r for |r| <= 1/2, by powers of r.
LOG2_SERIES = (0.4124695, 0.5770780, 0.9617967, 2.8853900)
EXP2_SERIES = (
    1.5353362e-4,
    1.3398874e-3,
    9.6184373e-3,
    5.5503324e-2,
    2.4022648e-1,
    6.9314720e-1,
    1.0,
)

#: The code of a power of errors, and the vector of q - 2 where that is not known by heart.
Power = tuple[int, Any]
PLAIN_ERROR: Power = (SQUARE, None)


class Emitter:
    """Short names for LLVM instructions, at one vector width."""

    def __init__(self, context: Any, builder: Any, width: int) -> None:
        self.context, self.builder = context, builder
        self.vector = ir.VectorType(F32_TYPE, width)
        self.zero = ir.Constant(self.vector, [0.0] * width)

    def data(self, array_type: Any, value: Any) -> Any:
        return self.context.make_array(array_type)(self.context, self.builder, value).data

    def field(self, bundle_type: Any, bundle: Any, name: str) -> tuple[Any, Any]:
        """Type and value of an entry of a NamedTuple."""
        at = bundle_type.fields.index(name)
        return bundle_type[at], self.builder.extract_value(bundle, at)

    def data_of(self, bundle_type: Any, bundle: Any, name: str) -> Any:
        return self.data(*self.field(bundle_type, bundle, name))

    def pair(self, pair_type: Any, pair: Any) -> list[tuple[Any, Any]]:
        """Types and values of a plain tuple."""
        return [(kind, self.builder.extract_value(pair, k)) for k, kind in enumerate(pair_type)]

    def length(self, array_type: Any, value: Any) -> Any:
        array = self.context.make_array(array_type)(self.context, self.builder, value)
        return self.builder.extract_value(array.shape, 0)

    def scalar(self, pointer: Any, offset: Any) -> Any:
        return self.builder.load(self.builder.gep(pointer, [offset]))

    def splat(self, value: Any) -> Any:
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, I32_TYPE(0))
        mask = ir.Constant(ir.VectorType(I32_TYPE, self.vector.count), [0] * self.vector.count)
        return self.builder.shuffle_vector(first, undefined, mask)

    def splat_at(self, pointer: Any, offset: Any) -> Any:
        return self.splat(self.scalar(pointer, offset))

    def constant(self, value: float) -> Any:
        return ir.Constant(self.vector, [value] * self.vector.count)

    def load(self, pointer: Any, offset: Any, vector: Any = None) -> Any:
        kind = (vector or self.vector).as_pointer()
        loaded = self.builder.load(self.builder.bitcast(self.builder.gep(pointer, [offset]), kind))
        loaded.align = 4
        return loaded

    def store(self, value: Any, pointer: Any, offset: Any) -> None:
        target = self.builder.bitcast(self.builder.gep(pointer, [offset]), value.type.as_pointer())
        self.builder.store(value, target).align = 4

    def slot(self) -> Any:
        return cgutils.alloca_once_value(self.builder, self.zero)

    def index(self, base: Any, scale: int, offset: int = 0) -> Any:
        return self.builder.add(self.builder.mul(base, I64_TYPE(scale)), I64_TYPE(offset))

    def add(self, x: Any, y: Any) -> Any:
        return self.builder.fadd(x, y, flags=_FAST)

    def sub(self, x: Any, y: Any) -> Any:
        return self.builder.fsub(x, y, flags=_FAST)

    def mul(self, x: Any, y: Any) -> Any:
        return self.builder.fmul(x, y, flags=_FAST)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return self.add(self.mul(x, y), z)

    def positive(self, x: Any) -> Any:
        return self.builder.fcmp_ordered(">", x, self.zero)

    def below(self, x: Any, y: Any) -> Any:
        return self.builder.fcmp_ordered("<", x, y)

    def select(self, mask: Any, x: Any, y: Any) -> Any:
        return self.builder.select(mask, x, y)

    def magnitude(self, x: Any) -> Any:
        return self.select(self.positive(x), x, self.sub(self.zero, x))

    def error_times_slope(self, code: int, z: Any, y: Any, power: Power = PLAIN_ERROR) -> Any:
        """r(f(z) - y) f'(z) of the output activation with this code, r = `raised`."""
        if code == IDENTITY:
            return self.raised(self.sub(z, y), power)
        if code == RELU:
            error = self.raised(self.sub(z, y), power)
            return self.select(self.positive(z), error, self.zero)
        if code == LEAKY:
            slope = self.select(self.positive(z), self.constant(1.0), self.constant(LEAKY_SLOPE))
            return self.mul(self.raised(self.sub(self.mul(z, slope), y), power), slope)
        if code == QUADRATIC:
            error = self.raised(self.sub(self.mul(z, z), y), power)
            return self.mul(error, self.add(z, z))
        raise ValueError(f"no vector form of activation code {code}")

    def raised(self, error: Any, power: Power) -> Any:
        """sign(e) |e|^(q - 1): e for q = 2, e³ for 4, else e 2^((q - 2) log2 |e|)."""
        code, beyond = power
        if code == SQUARE:
            return error
        if code == FOURTH:
            return self.mul(self.mul(error, error), error)
        return self.mul(error, self.exp2(self.mul(beyond, self.log2(self.magnitude(error)))))

    def whole(self, value: int) -> Any:
        return ir.Constant(self.integers, [value] * self.vector.count)

    @property
    def integers(self) -> Any:
        return ir.VectorType(I32_TYPE, self.vector.count)

    def integers_at(self, value: Any) -> Any:
        """The 32-bit value in every lane."""
        undefined = ir.Constant(self.integers, ir.Undefined)
        first = self.builder.insert_element(undefined, value, I32_TYPE(0))
        mask = ir.Constant(self.integers, [0] * self.vector.count)
        return self.builder.shuffle_vector(first, undefined, mask)

    def root(self, x: Any) -> Any:
        """√x."""
        name = f"llvm.sqrt.v{self.vector.count}f32"
        kind = ir.FunctionType(self.vector, [self.vector])
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, kind, name), [x]
        )

    def polynomial(self, x: Any, coefficients: tuple[float, ...]) -> Any:
        total = self.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            total = self.fma(total, x, self.constant(coefficient))
        return total

    def log2(self, x: Any) -> Any:
        """As `random.log2`."""
        build, whole = self.builder, self.whole
        bits = build.bitcast(x, self.integers)
        exponent = build.ashr(build.sub(bits, whole(0x3F2AAAAB)), whole(23))
        near_1 = build.bitcast(build.sub(bits, build.shl(exponent, whole(23))), self.vector)
        m = self.sub(near_1, self.constant(1.0))
        s = build.fdiv(m, self.add(self.constant(2.0), m), flags=_FAST)
        series = self.polynomial(self.mul(s, s), LOG2_SERIES)
        return self.fma(series, s, build.sitofp(exponent, self.vector))

    def exp2(self, x: Any) -> Any:
        """As `activations.exp2`."""
        build, low, high = self.builder, self.constant(-126.0), self.constant(127.0)
        x = self.select(self.below(low, x), x, low)  # the lowest, too, for what is no number
        x = self.select(self.below(x, high), x, high)
        up = build.fptosi(self.add(x, self.constant(126.5)), self.integers)
        k = build.sub(up, self.whole(126))
        series = self.polynomial(self.sub(x, build.sitofp(k, self.vector)), EXP2_SERIES)
        scale = build.shl(build.add(k, self.whole(127)), self.whole(23))
        return self.mul(series, build.bitcast(scale, self.vector))
