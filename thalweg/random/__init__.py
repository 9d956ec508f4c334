"""Random numbers: pure draws by keys, `tw.random.normal(key, shape)`; and generators' streams."""

from thalweg.random.keyed import bernoulli, fold_in, key, normal, random_bits, split, uniform

__all__ = ["bernoulli", "fold_in", "key", "normal", "random_bits", "split", "uniform"]
