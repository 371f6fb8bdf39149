"""Numbers in the text format that Prometheus reads (version 0.0.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Sample = tuple[Mapping[str, str], float]  # labels, value
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, and what it is now for each set of labels."""

    name: str
    type: str  # "gauge" or "counter"
    help: str
    samples: Iterable[Sample]


def exposed(metrics: Iterable[Metric]) -> str:
    r"""The metrics as text.

    >>> print(exposed([Metric("letters", "gauge", "How many.", [({"to": 'a"b'}, 2)])]), end="")
    # HELP letters How many.
    # TYPE letters gauge
    letters{to="a\"b"} 2
    """
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.type}"
    for labels, value in metric.samples:
        said = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{said}}} {value:.15g}" if said else f"{metric.name} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
