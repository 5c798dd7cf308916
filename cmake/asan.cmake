# SPDX-License-Identifier: MIT
#
# The C tests, with AddressSanitizer, UndefinedBehaviorSanitizer and leak detection.
enable_testing()
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
# The other half of the library: tests undo what the core has compressed.
pkg_check_modules(BROTLI_DECODER REQUIRED IMPORTED_TARGET libbrotlidec)

add_core(asan_flags)
add_capra(${PROJECT_BINARY_DIR})

# The signals are the sanitizer's alone: cmocka's own handlers would hide where it happened.
string(JOIN ":" asan_options
    detect_leaks=1 detect_stack_use_after_return=1 strict_string_checks=1
    handle_segv=2 handle_sigbus=2 handle_sigfpe=2 handle_sigill=2)
set(sanitizer_environment
    "ASAN_OPTIONS=${asan_options}"
    "UBSAN_OPTIONS=print_stacktrace=1")

function(add_case name label timeout)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES
        LABELS ${label} TIMEOUT ${timeout} ENVIRONMENT "${sanitizer_environment}")
endfunction()

# --- test/unit: each *_test.c is a program; its name mirrors src/ ---

find_sources(unit_sources ${tests}/unit/*_test.c)
find_sources(support_sources ${tests}/unit/support/*.c)
if(support_sources)
    add_library(unit_support STATIC ${support_sources})
    target_link_libraries(unit_support PUBLIC core_archive PkgConfig::CMOCKA)
    target_include_directories(unit_support PUBLIC ${tests}/unit)
endif()
foreach(source ${unit_sources})
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${tests} OUTPUT_VARIABLE name)
    string(REGEX REPLACE "_test\\.c$" "" name "${name}")
    string(REPLACE "/" "-" name "${name}")
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE
        $<TARGET_NAME_IF_EXISTS:unit_support> core_archive
        PkgConfig::CMOCKA PkgConfig::BROTLI_DECODER)
    target_include_directories(${name} PRIVATE ${tests}/unit)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
    add_case(${name} unit 120 ${name})
endforeach()

# --- test/http: cases as text ---

add_http_cases()
if(TARGET http-cases)
    add_case(http-cases http 300 http-cases ${tests}/http)
endif()

# --- test/fuzz/oracle: the parser as a program that another parser is compared with ---

find_sources_here(oracle_source ${tests}/fuzz/oracle/parse.c)
if(oracle_source)
    add_executable(oracle-parse ${oracle_source})
    target_link_libraries(oracle-parse PRIVATE core_archive)
    set_target_properties(oracle-parse PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
endif()
