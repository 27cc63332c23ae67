"""The benchmarks: a served archive beside a yardstick of least work and the bare pipeline of existing tools."""
