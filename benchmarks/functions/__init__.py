"""Functions and layers of `thalweg.torch` beside PyTorch's, called one by one at three sizes."""

from benchmarks.functions import arrangement, drawing, elementwise, layers, order, products, sums

CASES = {
    **elementwise.CASES,
    **sums.CASES,
    **order.CASES,
    **arrangement.CASES,
    **products.CASES,
    **drawing.CASES,
    **layers.CASES,
}
