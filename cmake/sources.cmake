# SPDX-License-Identifier: MIT
#
# Which files make what.

# The files that match, newly looked for at every build; an empty answer is fine.
macro(find_sources out)
    file(GLOB_RECURSE ${out} CONFIGURE_DEPENDS ${ARGN})
endmacro()
macro(find_sources_here out)
    file(GLOB ${out} CONFIGURE_DEPENDS ${ARGN})
endmacro()

set(src ${PROJECT_SOURCE_DIR}/src)
set(tests ${PROJECT_SOURCE_DIR}/test)

# The pipeline and all its rooms.
find_sources(core_sources
    ${src}/base/*.c ${src}/http/*.c ${src}/rules/*.c ${src}/route/*.c ${src}/net/*.c ${src}/body/*.c
    ${src}/policy/*.c ${src}/files/*.c ${src}/response/*.c ${src}/handler/*.c ${src}/native/*.c
    ${src}/observe/*.c ${src}/rescue/*.c)
find_sources_here(top_sources ${src}/*.c)
list(FILTER top_sources EXCLUDE REGEX "/main\\.c$")
list(APPEND core_sources ${top_sources})

# What only a program needs that has the server inside.
find_sources(embed_sources ${src}/embed/*.c)

# The command around it, in C alone.
find_sources(command_sources ${src}/supervisor/*.c ${src}/cli/*.c ${src}/admin/*.c)
find_sources_here(main_source ${src}/main.c)
list(APPEND command_sources ${main_source})

# The addon around it, inside Node. It shares the worker's end of the supervisor's channel.
find_sources(addon_sources ${src}/binding/*.c)
find_sources_here(channel_sources ${src}/supervisor/worker*.c)
list(APPEND addon_sources ${channel_sources})

# `core`: every object of the core, for programs that offer the whole public API.
# `core_archive`: the same as a library, of which a test takes what it lacks; when a test
# includes the .c it tests, its own copy is the one that counts.
set(core_libraries
    PkgConfig::UV PkgConfig::JANSSON PkgConfig::PCRE2 PkgConfig::ZLIB PkgConfig::BROTLI PkgConfig::ZSTD)
function(add_core tree_flags)
    add_library(core OBJECT ${core_sources})
    target_link_libraries(core PUBLIC flags ${tree_flags} ${core_libraries})
    add_library(embed OBJECT ${embed_sources})
    target_link_libraries(embed PUBLIC flags ${tree_flags} ${core_libraries})
    add_library(core_archive STATIC $<TARGET_OBJECTS:core> $<TARGET_OBJECTS:embed>)
    target_link_libraries(core_archive PUBLIC flags ${tree_flags} ${core_libraries})
endfunction()

# The executable. Routes in C are loaded into it and find the public API there (-rdynamic);
# all else is hidden.
function(add_capra folder)
    if(NOT main_source)
        return()
    endif()
    add_executable(capra ${command_sources})
    target_link_libraries(capra PRIVATE core)
    set_target_properties(capra PROPERTIES ENABLE_EXPORTS ON RUNTIME_OUTPUT_DIRECTORY ${folder})
endfunction()

# The program that runs the cases of test/http: bytes in, bytes out.
function(add_http_cases)
    find_sources_here(case_sources ${tests}/http/*.c)
    if(NOT case_sources)
        return()
    endif()
    add_executable(http-cases ${case_sources})
    target_link_libraries(http-cases PRIVATE core_archive)
    set_target_properties(http-cases PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
endfunction()
