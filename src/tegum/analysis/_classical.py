"""The classical methods behind `tegum.analysis.baselines`: atoms, and codes of finished atoms.

Each takes rows of activations and gives atoms of norm 1 with a bias; codes are of rows from which
the bias is taken.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from tegum.dims import F64
from tegum.errors import SpecError

#: Sweeps over the data: of mini-batches, and of K-SVD and of least squares in turns.
_EPOCHS, _BATCH = 10, 256
_ROUNDS: Final = 25
#: So many samples are enough for least squares in turns, whose codes are solved one by one.
_ENOUGH: Final = 2000
_STEPS: Final = 500


@contextmanager
def calling(method: str, *, learn: bool) -> Iterator[None]:
    """Without warnings of fits that stop early; a line where scikit-learn is asked for in vain.

    Raises SpecError.
    """
    if not learn:
        yield
        return
    try:
        from sklearn.exceptions import ConvergenceWarning
    except ImportError:
        rule = f"{method!r} needs scikit-learn: pip install 'tegum[baselines]'"
        raise SpecError(f"baselines.fit {rule}") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # samples of which pursuit ends early
        yield


def first_atoms(rows: F64, n: int, rng: np.random.Generator) -> F64:
    """Rows that are not 0, at norm 1; where there are too few, directions drawn at random."""
    there = rows[rows.any(1)]
    drawn = there[rng.permutation(len(there))[:n]]
    more = rng.standard_normal((n - len(drawn), rows.shape[1]))
    return unit(np.concatenate([drawn, more]))


def unit(atoms: F64) -> F64:
    """At norm 1; rows of zeros stay."""
    norm = np.linalg.norm(atoms, axis=1, keepdims=True)
    return np.asarray(np.divide(atoms, norm, out=np.zeros_like(atoms), where=norm > 0))


def learned(rows: F64, n: int, rng: np.random.Generator, alpha: float) -> tuple[F64, F64]:
    """Online dictionary learning (Mairal and others, 2009) with codes that are not negative."""
    from sklearn.decomposition import MiniBatchDictionaryLearning

    made = MiniBatchDictionaryLearning(
        n, alpha=alpha, max_iter=_EPOCHS, batch_size=_BATCH, fit_algorithm="cd",
        positive_code=True, dict_init=first_atoms(rows, n, rng), max_no_improvement=None, tol=0.0,
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    return unit(made.fit(rows).components_), np.zeros(rows.shape[1])


def lasso(rows: F64, atoms: F64, alpha: float) -> F64:
    """The codes f >= 0 of least ½ ‖h − f atoms‖² + alpha Σ f."""
    from sklearn.decomposition import sparse_encode

    found: F64 = sparse_encode(
        rows, atoms, algorithm="lasso_cd", alpha=alpha, positive=True, max_iter=_STEPS
    )
    return found


def k_svd(rows: F64, n: int, rng: np.random.Generator, k: int) -> tuple[F64, F64]:
    """Codes by orthogonal matching pursuit, then each atom with its codes by the best rank one."""
    atoms = first_atoms(rows, n, rng)
    for _ in range(_ROUNDS):
        codes = pursuit(rows, atoms, k)
        for j in range(n):
            used = codes[:, j] != 0
            rest = rows[used] - codes[used] @ atoms + np.outer(codes[used, j], atoms[j])
            if not rest.any():  # an atom that nothing uses begins anew at what is rebuilt worst
                missed = ((rows - codes @ atoms) ** 2).sum(1)
                atoms[j] = unit(rows[[missed.argmax()]])[0]
                continue
            # the leading right singular vector, of the small matrix (hidden, hidden)
            atom = np.linalg.eigh(rest.T @ rest)[1][:, -1]
            along = rest @ atom
            sign = 1.0 if along.sum() >= 0 else -1.0
            atoms[j], codes[used, j] = sign * atom, sign * along
    return atoms, np.zeros(rows.shape[1])


def pursuit(rows: F64, atoms: F64, k: int) -> F64:
    """At most k atoms for each row, by orthogonal matching pursuit."""
    from sklearn.linear_model import orthogonal_mp_gram

    codes = np.zeros((len(rows), len(atoms)))
    if k == 1:  # the first step, of all rows at once
        along = rows @ atoms.T
        place = np.arange(len(rows)), np.abs(along).argmax(1)
        codes[place] = along[place]
        return codes
    there = rows.any(1)
    # atoms must be of norm 1, and as many as are asked for
    gram, seen = atoms @ atoms.T, atoms @ rows[there].T
    found = orthogonal_mp_gram(gram, seen, n_nonzero_coefs=k)
    codes[there] = np.reshape(found, (len(atoms), -1)).T
    return codes


def alternating(rows: F64, n: int, rng: np.random.Generator) -> tuple[F64, F64]:
    """Non-negative least squares for codes, least squares for atoms, in turns."""
    there = rows[rows.any(1)]
    some = there[rng.permutation(len(there))[:_ENOUGH]]
    atoms = first_atoms(rows, n, rng)
    for _ in range(_ROUNDS):
        codes = non_negative(some, atoms)
        solved: F64 = np.linalg.lstsq(codes, some, rcond=None)[0].astype(np.float64)
        used = (codes != 0).sum(0) > 0
        atoms = np.where(used[:, None], unit(solved), atoms)
    return atoms, np.zeros(rows.shape[1])


def non_negative(rows: F64, atoms: F64) -> F64:
    """The codes f >= 0 of least ‖h − f atoms‖²."""
    from scipy.optimize import nnls  # type: ignore[attr-defined]

    return np.array([nnls(atoms.T, row)[0] for row in rows]).reshape(len(rows), len(atoms))


def independent(
    rows: F64, n: int, rng: np.random.Generator, contrast: str = "logcosh"
) -> tuple[F64, F64]:
    """FastICA: the columns of the mixing matrix, signed so that codes lean to the positive side.

    Where h varies in fewer directions than it has there are as many components.
    """
    from sklearn.decomposition import FastICA

    centred = rows - rows.mean(0)
    most = int(np.linalg.matrix_rank(centred))
    if not most:
        raise SpecError.of("fit", "h", "must vary, for fastica", "rows that are all the same")
    made = FastICA(
        min(n, most), fun=contrast, whiten="unit-variance", max_iter=_STEPS,
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    sources = made.fit_transform(rows)
    lean = np.where((sources**3).mean(0) < 0, -1.0, 1.0)
    return unit((made.mixing_ * lean).T), np.asarray(made.mean_, np.float64)


def unmixed(rows: F64, atoms: F64) -> F64:
    """The codes of any sign that rebuild rows, by least squares."""
    return np.asarray(rows @ np.linalg.pinv(atoms))
