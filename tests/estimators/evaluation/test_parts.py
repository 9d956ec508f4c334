"""Rows are held out as asked: classes alike, groups whole, the latest, and each once by folds."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from thalweg.estimators.evaluation import parts


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_held_out_by_their_shares(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = random.choice(5, 200, p=[0.5, 0.3, 0.1, 0.08, 0.02])
    held = parts.stratified_part(classes, 40, seed)
    assert len(np.unique(held)) == 40
    sizes, taken = np.bincount(classes), np.bincount(classes[held], minlength=5)
    assert (np.abs(taken - sizes * 0.2) < 1.0 + 1e-9).all()


def test_a_class_always_keeps_a_row_to_train_on() -> None:
    classes = np.array([0] * 10 + [1, 2, 2])
    held = parts.stratified_part(classes, 11, 0)
    kept = np.setdiff1d(np.arange(13), held)
    assert set(classes[kept]) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_held_out_whole(seed: int) -> None:
    groups = np.random.default_rng(seed).integers(0, 30, 300)
    held = parts.grouped_part(groups, 60, seed)
    kept = np.setdiff1d(np.arange(300), held)
    assert not set(groups[held]) & set(groups[kept])
    assert 45 <= len(held) <= 75


def of_people(seed: int, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the class and the person of rows; people differ in their classes."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(people), random.integers(3, 40, people))
    chances = random.dirichlet([2.0, 1.0, 0.5], people)
    return np.array([random.choice(3, p=chances[g]) for g in groups]), groups


def strayed(classes: np.ndarray, part: np.ndarray) -> float:
    """Return how far classes' shares of a part are from those of all rows, at most."""
    whole, of_part = np.bincount(classes), np.bincount(classes[part], minlength=3)
    return float(np.abs(of_part / len(part) - whole / len(classes)).max())


@pytest.mark.parametrize("people", [15, 40, 150])
def test_groups_are_whole_and_classes_alike_as_stratified_group_k_fold_has_them(
    people: int,
) -> None:
    ours, theirs, alone = [], [], []
    for seed in range(8):
        classes, groups = of_people(seed, people)
        rows = len(classes)
        found = parts.folds(rows, 5, seed, classes=classes, groups=groups)
        held = parts.grouped_part(groups, rows // 5, seed, classes)
        for part in (*found, held):
            assert not set(groups[part]) & set(np.delete(groups, part))
        assert np.array_equal(np.sort(np.concatenate(found)), np.arange(rows))
        kfold = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        oracle = [part for _, part in kfold.split(classes, classes, groups)]
        ours.append([strayed(classes, part) for part in (*found, held)])
        theirs.append([strayed(classes, part) for part in oracle])
        alone.append(strayed(classes, parts.grouped_part(groups, rows // 5, seed)))
    assert np.mean(ours) <= 1.05 * np.mean(theirs)
    assert np.mean(np.array(ours)[:, -1]) < 0.6 * np.mean(alone)


def test_a_class_of_one_group_is_trained_on() -> None:
    groups = np.repeat(np.arange(10), 10)
    classes = np.where(groups == 3, 1, 0)
    for seed in range(20):
        held = parts.grouped_part(groups, 20, seed, classes)
        assert 3 not in groups[held]
        assert len(held) == 20


def test_one_of_two_groups_is_held_out() -> None:
    held = parts.grouped_part(np.array([0] * 90 + [1] * 10), 1, 0)
    assert len(held) in (10, 90)


def test_the_latest_rows_are_held_out_and_times_are_whole() -> None:
    times = np.random.default_rng(0).integers(0, 20, 200).astype(float)
    held = parts.latest_part(times, 40)
    kept = np.setdiff1d(np.arange(200), held)
    assert 0 < len(held) <= 40
    assert times[kept].max() < times[held].min()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_folds_leave_out_every_row_once(count: int) -> None:
    classes = np.random.default_rng(0).choice(3, 100, p=[0.8, 0.15, 0.05])
    groups = np.random.default_rng(1).integers(0, 12, 100)
    for more in ({}, {"classes": classes}, {"groups": groups}):
        found = parts.folds(100, count, 0, **more)
        assert np.array_equal(np.sort(np.concatenate(found)), np.arange(100))
    by_class = [
        np.bincount(classes[p], minlength=3) for p in parts.folds(100, count, 0, classes=classes)
    ]
    assert (np.ptp(by_class, axis=0) <= 1).all()
    by_group = [set(groups[part]) for part in parts.folds(100, count, 0, groups=groups)]
    assert sum(map(len, by_group)) == len(set(groups))


def test_equal_folds_are_of_one_size() -> None:
    assert {len(part) for part in parts.folds(23, 5, 0, equal=True)} == {4}
