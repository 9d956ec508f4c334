"""The native engine: programs as machine code, made with LLVM."""
