# SPDX-License-Identifier: MIT
#
# The fuzzers: test/fuzz/NAME.c is build/fuzz/fuzz-NAME, its corpus is test/fuzz/corpus/NAME.
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "libFuzzer comes with clang: configure with CC=clang")
endif()

add_core(fuzz_flags)

find_sources_here(fuzz_sources ${tests}/fuzz/*.c)
list(FILTER fuzz_sources EXCLUDE REGEX "/(reference|seed)[^/]*\\.c$")
# The second parser, slow and plainly written, that whole messages are compared with.
find_sources_here(reference_sources ${tests}/fuzz/reference*.c)

foreach(source ${fuzz_sources})
    cmake_path(GET source STEM name)
    add_executable(fuzz-${name} ${source})
    target_link_libraries(fuzz-${name} PRIVATE core_archive)
    target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endforeach()
if(TARGET fuzz-message AND reference_sources)
    target_sources(fuzz-message PRIVATE ${reference_sources})
endif()
# Connections without sockets.
if(TARGET fuzz-native)
    target_sources(fuzz-native PRIVATE ${tests}/unit/support/fake_conn.c)
    target_include_directories(fuzz-native PRIVATE ${tests}/unit)
endif()
