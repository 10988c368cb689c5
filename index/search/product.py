"""A product of whole numbers of 8 bits, as fast as memory gives them, by onnxruntime: numpy multiplies such numbers one
by one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

# of what is multiplied: with more, processors without VNNI would clip sums of two products, and machines would disagree
LARGEST = 63

Scores = npt.NDArray[np.float32]
Multiply = Callable[[npt.NDArray[np.uint8]], Scores]


def product(numbers: npt.NDArray[np.int8]) -> Multiply:
    """Return what multiplies two vectors of numbers from 1 to 127, of which 64 stands for nothing, shape (2, d), with
    numbers, shape (d, n), on one core.

    The array may be changed afterwards only by who lets go of what is returned.
    """
    import onnxruntime as ort
    from onnx import TensorProto, helper

    elsewhere = TensorProto(
        name="numbers", data_type=TensorProto.INT8, dims=numbers.shape, data_location=TensorProto.EXTERNAL
    )
    elsewhere.external_data.add(key="location", value="given")
    given = [elsewhere, helper.make_tensor("zero", TensorProto.UINT8, [], [LARGEST + 1])]
    nodes = [
        helper.make_node("MatMulInteger", ["parts", "numbers", "zero"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["scores"], to=TensorProto.FLOAT),
    ]
    inputs = [helper.make_tensor_value_info("parts", TensorProto.UINT8, [2, len(numbers)])]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [2, numbers.shape[1]])]
    made = helper.make_model(
        helper.make_graph(nodes, "sheet", inputs, outputs, given),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    value = ort.OrtValue.ortvalue_from_numpy(numbers)  # reads where the array is, without holding it
    options.add_external_initializers(["numbers"], [value])
    options.add_initializer("numbers", value)
    session = ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def multiply(parts: npt.NDArray[np.uint8]) -> Scores:
        found: Scores = session.run(None, {"parts": parts})[0]
        return found

    if _may_read(multiply, numbers):
        multiply.held = numbers, value  # type: ignore[attr-defined]
    return multiply


def _may_read(multiply: Multiply, numbers: npt.NDArray[np.int8]) -> bool:
    """Tell whether a session may still read the array it was given, or only what it made of it, as it does where its
    kernel wants another order.
    """
    probe, kept = np.full((2, len(numbers)), LARGEST + 2, np.uint8), numbers.copy()
    expected = multiply(probe)
    numbers[:] = 0
    told = expected.any() and np.array_equal(multiply(probe), expected)
    numbers[:] = kept
    return not told
