"""LLVM's intermediate representation, as text: values, instructions, regions, memory."""
