"""The engine `native`: the system compiled to machine code by LLVM, states packed into words of 64
bits, exact breadth-first search, by orbits or state by state.

`plan` lays out states and `frame` what Python and machine code share; `asm` writes LLVM's language,
`terms` expressions in it, `actions` and `look` what is done to a state; `canonical`, `arrange`,
`labelling` and `room` find the canonical state of an orbit; `table` is the set of states, `kernels`
has the loops; `jit` compiles, `cache` keeps code, `program` is code that can be called; `arena`
holds memory, `threads` shares out work, `explore` drives the search; `engine` answers properties;
`fits` says what is too large.
"""
