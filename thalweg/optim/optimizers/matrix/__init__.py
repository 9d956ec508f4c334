"""Steps that treat matrices as matrices."""
