# SPDX-License-Identifier: MIT
#
# What every target is compiled with (the library `flags`), and what each tree adds
# (`release_flags`, `asan_flags`, `fuzz_flags`).
include(CheckCCompilerFlag)

# Nothing is added behind our back: all flags are in this file.
set(CMAKE_BUILD_TYPE None CACHE STRING "" FORCE)
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(flags INTERFACE)
target_compile_options(flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
    $<$<BOOL:${CAPRA_WERROR}>:-Werror>
    -g -fno-omit-frame-pointer)
target_compile_definitions(flags INTERFACE
    _GNU_SOURCE
    CAPRA_VERSION="${PROJECT_VERSION}")
target_include_directories(flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(flags INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)

# Asserts stay in release builds too: a worker that finds itself wrong had better end.
add_library(release_flags INTERFACE)
target_compile_options(release_flags INTERFACE -O2 -fstack-protector-strong -U_FORTIFY_SOURCE)
target_compile_definitions(release_flags INTERFACE _FORTIFY_SOURCE=3)
foreach(flag -fcf-protection -fstack-clash-protection)
    string(MAKE_C_IDENTIFIER "has${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        target_compile_options(release_flags INTERFACE ${flag})
    endif()
endforeach()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(release_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# The unwinder is one function of a library that would be loaded at every start for it.
check_c_compiler_flag(-static-libgcc has_static_libgcc)
if(has_static_libgcc AND NOT APPLE)
    target_link_options(release_flags INTERFACE -static-libgcc)
endif()

set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
add_library(asan_flags INTERFACE)
target_compile_options(asan_flags INTERFACE -O1 ${sanitizers})
target_link_options(asan_flags INTERFACE ${sanitizers})

# The fuzzers' own main comes with -fsanitize=fuzzer, see fuzz.cmake.
add_library(fuzz_flags INTERFACE)
target_compile_options(fuzz_flags INTERFACE -O1 -fsanitize=fuzzer-no-link ${sanitizers})
target_link_options(fuzz_flags INTERFACE ${sanitizers})

# Executables are position-independent as well, not only the code in them.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
