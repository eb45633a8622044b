"""Published figures of a chip that cannot all be true: rules go by one of them, and ratings by another."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance
from optimizer.instance.problem import number_text
from optimizer.instance.rules.metrics import BITS_4, BITS_8, BITS_16
from optimizer.instance.schema import Chip

# published figures are rounded
TOLERANCE = 0.05
# no chip is this much slower, bit for bit, in one format than in another
WIDEST = 4.0


def contradictions(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for every chip whose processing performance is not that of its throughputs, and for every
    chip with a throughput that does not go with the others."""
    for name, chip in instance.chips.items():
        formats = _formats(chip)
        if not formats:
            continue
        largest = max(formats, key=lambda column: formats[column][1])
        bits, performance = formats[largest]
        if chip.tpp is not None and abs(chip.tpp.number() / performance - 1) > TOLERANCE:
            yield _warning(
                name,
                chip,
                "tpp",
                f"`tpp` {_text(chip.tpp.number())} of {name} contradicts `{largest}` "
                f"{_text(performance / bits)}, which times {bits:g} bits is {_text(performance)}: rules go "
                "by `tpp`, ratings by throughput",
                "give dense throughputs, not sparse ones, every format that the chip has, and in `tpp` the "
                "greatest of throughput times bits; left blank it is worked out",
            )
        smallest = min(formats, key=lambda column: formats[column][1])
        slower, little = formats[smallest]
        if performance / little > WIDEST:
            yield _warning(
                name,
                chip,
                smallest,
                f"`{smallest}` {_text(little / slower)} of {name} contradicts `{largest}` "
                f"{_text(performance / bits)}: bit for bit it is {performance / little:.2g} times slower",
                "give both in TFLOP/s and dense, not sparse",
            )


def _formats(chip: Chip) -> dict[str, tuple[float, float]]:
    """Bits, and throughput times bits, by the column of the throughput."""
    columns = {
        "dense_fp16_tflops": (BITS_16, chip.dense_fp16_tflops),
        "dense_fp8_tflops": (BITS_8, chip.dense_fp8_tflops),
        "dense_fp4_tflops": (BITS_4, chip.dense_fp4_tflops),
    }
    return {
        column: (bits, bits * quantity.number())
        for column, (bits, quantity) in columns.items()
        if quantity is not None
    }


def _warning(name: str, chip: Chip, column: str, message: str, hint: str) -> Diagnostic:
    # a cell that a patch set has no place of its own
    place = getattr(chip, column).location or chip.hbm_gb.location
    file, line, col = place or (None, None, None)
    return Diagnostic("W103", message, "warning", file, line, col, f"chips.{name}.{column}", hint)


def _text(number: float) -> str:
    return number_text(round(number, 6))
