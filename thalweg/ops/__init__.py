"""What a user writes: NumPy's and PyTorch's names, composed of few primitives."""

from thalweg.ops import activations as _activations
from thalweg.ops import arithmetic as _arithmetic
from thalweg.ops import arranging as _arranging
from thalweg.ops import assigning as _assigning
from thalweg.ops import axes as _axes
from thalweg.ops import bessel_functions as _bessel_functions
from thalweg.ops import beta_functions as _beta_functions
from thalweg.ops import bits as _bits
from thalweg.ops import cases as _cases
from thalweg.ops import complex_numbers as _complex_numbers
from thalweg.ops import complex_views as _complex_views
from thalweg.ops import composed as _composed
from thalweg.ops import contraction as _contraction
from thalweg.ops import conversions as _conversions
from thalweg.ops import convolution as _convolution
from thalweg.ops import copying as _copying
from thalweg.ops import creation as _creation
from thalweg.ops import cumulative as _cumulative
from thalweg.ops import cutting as _cutting
from thalweg.ops import decompositions as _decompositions
from thalweg.ops import diagonals as _diagonals
from thalweg.ops import distances as _distances
from thalweg.ops import divergences as _divergences
from thalweg.ops import dtypes as _dtypes
from thalweg.ops import editing as _editing
from thalweg.ops import eigenvalues as _eigenvalues
from thalweg.ops import einsum as _einsum
from thalweg.ops import elementwise as _elementwise
from thalweg.ops import error_functions as _error_functions
from thalweg.ops import exponential_limits as _exponential_limits
from thalweg.ops import extremes as _extremes
from thalweg.ops import flipping as _flipping
from thalweg.ops import folding as _folding
from thalweg.ops import fourier as _fourier
from thalweg.ops import gamma_functions as _gamma_functions
from thalweg.ops import getitem as _getitem
from thalweg.ops import incomplete_gamma as _incomplete_gamma
from thalweg.ops import indexed_slices as _indexed_slices
from thalweg.ops import indexing as _indexing
from thalweg.ops import joining as _joining
from thalweg.ops import keyed
from thalweg.ops import least_squares as _least_squares
from thalweg.ops import linalg as _linalg
from thalweg.ops import losses as _losses
from thalweg.ops import magnitudes as _magnitudes
from thalweg.ops import masking as _masking
from thalweg.ops import matrices as _matrices
from thalweg.ops import matrix_functions as _matrix_functions
from thalweg.ops import matrix_norms as _matrix_norms
from thalweg.ops import matrix_products as _matrix_products
from thalweg.ops import nan_reductions as _nan_reductions
from thalweg.ops import norms as _norms
from thalweg.ops import numpy_meanings as _numpy_meanings
from thalweg.ops import parts_of_axes as _parts_of_axes
from thalweg.ops import pooling as _pooling
from thalweg.ops import power_transforms as _power_transforms
from thalweg.ops import products as _products
from thalweg.ops import quantiles as _quantiles
from thalweg.ops import random as _random
from thalweg.ops import random_arguments as _random_arguments
from thalweg.ops import random_fills as _random_fills
from thalweg.ops import ranges as _ranges
from thalweg.ops import reductions as _reductions
from thalweg.ops import restriding as _restriding
from thalweg.ops import sampling as _sampling
from thalweg.ops import scans as _scans
from thalweg.ops import scattering as _scattering
from thalweg.ops import searching as _searching
from thalweg.ops import sets as _sets
from thalweg.ops import shaping as _shaping
from thalweg.ops import sharing as _sharing
from thalweg.ops import signals as _signals
from thalweg.ops import sliding as _sliding
from thalweg.ops import sorting as _sorting
from thalweg.ops import spacing as _spacing
from thalweg.ops import sparse_products as _sparse_products
from thalweg.ops import special as _special
from thalweg.ops import statistics as _statistics
from thalweg.ops import summaries as _summaries
from thalweg.ops import text as _text
from thalweg.ops import traits as _traits
from thalweg.ops import transcendental as _transcendental
from thalweg.ops import ufunc_calls as _ufunc_calls
from thalweg.ops import uniqueness as _uniqueness
from thalweg.ops import values as _values
from thalweg.ops import viewing as _viewing
from thalweg.ops import windows as _windows
from thalweg.ops import writing as _writing
from thalweg.ops.activations import *
from thalweg.ops.arithmetic import *
from thalweg.ops.arranging import *
from thalweg.ops.assigning import *
from thalweg.ops.bessel_functions import *
from thalweg.ops.bits import *
from thalweg.ops.cases import *
from thalweg.ops.complex_numbers import *
from thalweg.ops.complex_views import *
from thalweg.ops.composed import *
from thalweg.ops.contraction import *
from thalweg.ops.conversions import *
from thalweg.ops.convolution import *
from thalweg.ops.copying import *
from thalweg.ops.creation import *
from thalweg.ops.cumulative import *
from thalweg.ops.decompositions import *
from thalweg.ops.diagonals import *
from thalweg.ops.distances import *
from thalweg.ops.dtypes import *
from thalweg.ops.editing import *
from thalweg.ops.einsum import *
from thalweg.ops.elementwise import *
from thalweg.ops.error_functions import *
from thalweg.ops.exponential_limits import *
from thalweg.ops.extremes import *
from thalweg.ops.flipping import *
from thalweg.ops.folding import *
from thalweg.ops.fourier import *
from thalweg.ops.gamma_functions import *
from thalweg.ops.indexed_slices import *
from thalweg.ops.indexing import *
from thalweg.ops.joining import *
from thalweg.ops.linalg import *
from thalweg.ops.losses import *
from thalweg.ops.magnitudes import *
from thalweg.ops.masking import *
from thalweg.ops.matrices import *
from thalweg.ops.matrix_functions import *
from thalweg.ops.matrix_norms import *
from thalweg.ops.matrix_products import *
from thalweg.ops.nan_reductions import *
from thalweg.ops.norms import *
from thalweg.ops.parts_of_axes import *
from thalweg.ops.pooling import *
from thalweg.ops.products import *
from thalweg.ops.quantiles import *
from thalweg.ops.random import *
from thalweg.ops.random_fills import *
from thalweg.ops.ranges import *
from thalweg.ops.reductions import *
from thalweg.ops.restriding import *
from thalweg.ops.sampling import *
from thalweg.ops.scans import *
from thalweg.ops.scattering import *
from thalweg.ops.searching import *
from thalweg.ops.sets import *
from thalweg.ops.shaping import *
from thalweg.ops.sharing import *
from thalweg.ops.signals import *
from thalweg.ops.sorting import *
from thalweg.ops.spacing import *
from thalweg.ops.statistics import *
from thalweg.ops.summaries import *
from thalweg.ops.text import *
from thalweg.ops.traits import *
from thalweg.ops.transcendental import *
from thalweg.ops.uniqueness import *
from thalweg.ops.viewing import *
from thalweg.ops.windows import *

__all__: list[str] = ["keyed"]
__all__ += _activations.__all__
__all__ += _arithmetic.__all__
__all__ += _arranging.__all__
__all__ += _assigning.__all__
__all__ += _bessel_functions.__all__
__all__ += _bits.__all__
__all__ += _cases.__all__
__all__ += _complex_numbers.__all__
__all__ += _complex_views.__all__
__all__ += _composed.__all__
__all__ += _contraction.__all__
__all__ += _conversions.__all__
__all__ += _convolution.__all__
__all__ += _copying.__all__
__all__ += _creation.__all__
__all__ += _cumulative.__all__
__all__ += _decompositions.__all__
__all__ += _diagonals.__all__
__all__ += _distances.__all__
__all__ += _dtypes.__all__
__all__ += _editing.__all__
__all__ += _einsum.__all__
__all__ += _elementwise.__all__
__all__ += _error_functions.__all__
__all__ += _exponential_limits.__all__
__all__ += _extremes.__all__
__all__ += _flipping.__all__
__all__ += _folding.__all__
__all__ += _fourier.__all__
__all__ += _gamma_functions.__all__
__all__ += _indexed_slices.__all__
__all__ += _indexing.__all__
__all__ += _joining.__all__
__all__ += _linalg.__all__
__all__ += _losses.__all__
__all__ += _magnitudes.__all__
__all__ += _masking.__all__
__all__ += _matrices.__all__
__all__ += _matrix_functions.__all__
__all__ += _matrix_norms.__all__
__all__ += _matrix_products.__all__
__all__ += _nan_reductions.__all__
__all__ += _norms.__all__
__all__ += _parts_of_axes.__all__
__all__ += _pooling.__all__
__all__ += _products.__all__
__all__ += _quantiles.__all__
__all__ += _random.__all__
__all__ += _random_fills.__all__
__all__ += _ranges.__all__
__all__ += _reductions.__all__
__all__ += _restriding.__all__
__all__ += _sampling.__all__
__all__ += _scans.__all__
__all__ += _scattering.__all__
__all__ += _searching.__all__
__all__ += _sets.__all__
__all__ += _shaping.__all__
__all__ += _sharing.__all__
__all__ += _signals.__all__
__all__ += _sorting.__all__
__all__ += _spacing.__all__
__all__ += _statistics.__all__
__all__ += _summaries.__all__
__all__ += _text.__all__
__all__ += _traits.__all__
__all__ += _transcendental.__all__
__all__ += _uniqueness.__all__
__all__ += _viewing.__all__
__all__ += _windows.__all__
