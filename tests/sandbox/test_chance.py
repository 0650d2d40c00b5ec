from __future__ import annotations

import numpy as np

from ioc_pipelines.sandbox.chance import pick, sizes, spread, uniform


def test_a_draw_depends_on_its_own_place_only() -> None:
    few = uniform(33, "dossiers", np.arange(10), np.arange(10) + 5)
    many = uniform(33, "dossiers", np.arange(1000), np.arange(1000) + 5)
    assert (few == many[:10]).all()


def test_seed_purpose_and_place_each_matter() -> None:
    places = np.arange(1000)
    drawn = [
        uniform(33, "a", places),
        uniform(34, "a", places),
        uniform(33, "b", places),
        uniform(33, "a", places, 0),
        uniform(33, "a", places, 1),
    ]
    for index, one in enumerate(drawn):
        for other in drawn[index + 1 :]:
            assert (one == other).mean() < 0.01


def test_draws_are_spread_evenly_and_are_not_like_their_neighbours() -> None:
    drawn = uniform(33, "even", np.arange(100_000))
    counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
    # ten bins of 10,000 each: six standard deviations are 569
    assert np.abs(counts - 10_000).max() < 569
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02


def test_pick_follows_the_shares() -> None:
    picked = pick(uniform(33, "pick", np.arange(100_000)), [3.0, 1.0])
    assert abs((picked == 0).mean() - 0.75) < 0.01
    assert pick(np.array([0.0, 0.999999]), [1, 1]).tolist() == [0, 1]


def test_spread_is_around_one_and_sizes_sum_to_one() -> None:
    places = np.arange(100_000)
    factors = spread(uniform(33, "s1", places), uniform(33, "s2", places), 0.5)
    assert abs(np.log(factors).mean()) < 0.01
    assert abs(np.log(factors).std() - 0.5) < 0.01
    assert abs(sizes(33, "people", 104, 0.4).sum() - 1) < 1e-12
