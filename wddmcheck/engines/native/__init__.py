"""The engine `native`: the system compiled to machine code by LLVM, states packed into words of 64
bits, exact breadth-first search.

`packing` lays out states; `emit` turns expressions and actions into LLVM's language; `kernel` puts
the search loop around them; `jit` compiles; `arena` holds the memory; `explore` drives the search;
`engine` answers properties.
"""
