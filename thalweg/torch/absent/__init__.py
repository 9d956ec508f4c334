"""PyTorch's names that are not here: why, and what to do instead."""

from __future__ import annotations

import re
from typing import Any

from thalweg.torch.tensors import TorchTensor

# Of names in whole: why they are absent, and what to do. The first that fits holds.
_ADVICE = {
    r"bfloat16|complex32|chalf|float[48]_\w+|u?int[1-7]|bits?\w*": (
        "NumPy has no dtype of that name. Use torch.float32, or torch.float16 and complex64 to "
        "save memory"
    ),
    r"(un)?quantize\w*|dequantize|quantized_\w+|q(u?int\d+\w*|scheme)|q_\w+|fake_quantize\w*"
    r"|fbgemm\w*|int_repr|choose_qparams\w*|fused_moving_avg\w*|scaled_\w*mm|grouped_mm"
    r"|ScalingType|SwizzleType|ao|quantization": (
        "nothing is quantized here. Train here, save model.state_dict() by torch.save, and "
        "quantize with PyTorch"
    ),
    r"(Stream|Event)\w*|\w*Device\w*|AcceleratorError|get_device_module|record_stream|ipu|xpu|mtia"
    r"|mps|(to_)?(cudnn|miopen|mkldnn)\w*|is_vulkan\w*|wait|has_\w+|tf32_notes": (
        "there is the CPU alone. Leave it out, or guard it by torch.cuda.is_available()"
    ),
    r"distributed|multiprocessing|futures|Future\w*|RRef\w*|fork|is_distributed|Distributed\w+"
    r"|batch_norm_\w+": (
        "one process trains here. Leave it out where the world has one process; for more, keep "
        "PyTorch's model with thalweg.bridges.torch.Optimizer, or tw.fit with engine='jax'"
    ),
    r"\w*autocast\w*": (
        "two precisions are not mixed on the CPU. Leave it out; torch.autocast changes nothing"
    ),
    r"[Ss]ym[A-Z_]\w*": "shapes are known while a function is traced. Use x.shape",
    r"(sparse|to_sparse)_(bs[cr]|csc|compressed)\w*|sspaddmm|saddmm|hspmm|sparse_resize\w*"
    r"|resize_as_sparse_|(c?col|c?crow|row)_indices\w*|(indices|values)_copy": (
        "sparse tensors have the layouts COO and CSR. Use torch.sparse_coo_tensor or "
        "sparse_csr_tensor, and to_dense() for what they lack"
    ),
    r"coalesce|is_coalesced|indices|values": (
        "a dense tensor stores no places. Use x.to_sparse() first"
    ),
    r"\w*(Data)?Pipe|DataChunk|functional_datapipe|\w*_validation\w*|\w*determinis\w*": (
        "pipes of data were given up by PyTorch too. Use a Dataset or an IterableDataset"
    ),
    r"\w*Storage\w*|is_storage|storage_type|from_file": (
        "memory is NumPy's. Use x.numpy(), or torch.from_numpy(np.memmap(…)) for a file's"
    ),
    r"fx|export|onnx|package|(Script|Frozen)\w+|(import|parse)_\w+|Graph\w*|CompilationUnit"
    r"|library": (
        "models are not exported from here. Save model.state_dict() by torch.save, load it into "
        "the same model of PyTorch, and export that"
    ),
    r"hub|_?inductor|dynamo": (
        "what it does is PyTorch's own. Load there, and take the state_dict by torch.load here"
    ),
    r"profiler|monitor|ThroughputBenchmark|Benchmark\w+": (
        "Python's own profilers see all that runs here. Use cProfile, or print the Fit that tw.fit "
        "returns, which tells its time"
    ),
    r"nested|masked|to_padded_tensor": (
        "tensors have one shape. Use nn.utils.rnn.pad_sequence, and a mask"
    ),
    r"overrides|testing|\w*TorchFunction\w*|\w+_torch_function\w*|as_subclass": (
        "tensors are not to be subclassed. Write functions, or a torch.autograd.Function; compare "
        "with torch.allclose or numpy.testing"
    ),
    r"functionalize|debug_unwrap|rearrange": (
        "functions are traced with what they write in place. Use the function itself; for "
        "rearrange x.permute and x.reshape"
    ),
    r"\w+Type|AliasDb|(Complete)?Argument\w*|Block|BufferDict|CallStack|Capsule|Code|ConcreteModule\w+|JIT\w+"
    r"|Dispatch\w+|ErrorReport|Exclude\w+|ExecutionPlan|FatalError|FileCheck|FunctionSchema|Gradient"
    r"|IODescriptor|LiteScript\w+|LockingLogger|ModuleDict|Node|NoopLogger|OperatorInfo|ParameterDict"
    r"|PyTorchFile\w+|StaticModule|Tag|TracingState|Type|Use|Value|DeepCopyMemoTable|AVG|SUM|cpp"
    r"|init_num_threads|unify_type_list|merge_type\w+|empty_quantized|hash_tensor|native_norm"
    r"|slice_inverse|thread_safe_generator|module_load|grad_dtype|enforce_grad\w+|NestedIOFunction"
    r"|swap_in_optimizer\w+|BroadcastingList\d|GRID_SAMPLE\w+|boolean_dispatch"
    r"|assert_int_or_pair": (
        "it belongs to its compiler, its dispatcher or its build. Scripts do without it; "
        "containers of modules and parameters are in torch.nn"
    ),
    r"volatile|reinforce": "it is of PyTorch before 0.4. Use torch.no_grad(), torch.distributions",
}  # fmt: skip
_FORMS = [(re.compile(form), advice) for form, advice in _ADVICE.items()]


def advice(name: str) -> str:
    """Return why PyTorch's name is not here and what to do, as a sentence; "" of no such name."""
    for form, told in _FORMS:
        if form.fullmatch(name):
            return f" It is PyTorch's, but {told}."
    return ""


def _of_tensors(x: TorchTensor, name: str) -> Any:
    told = "" if name.startswith("_") else advice(name)
    if told:
        raise AttributeError(f"a tensor of thalweg.torch has no attribute {name!r}.{told}")
    # Python's own words, or those of a property that failed.
    return object.__getattribute__(x, name)


# Not assigned, as type checkers would believe that tensors have every name.
setattr(TorchTensor, "__getattr__", _of_tensors)  # noqa: B010
