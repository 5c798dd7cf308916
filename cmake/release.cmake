# SPDX-License-Identifier: MIT
#
# What is shipped, in build/.
set(output ${PROJECT_SOURCE_DIR}/build)

if(NOT CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    message(FATAL_ERROR "Capra is compiled with gcc or clang, not ${CMAKE_C_COMPILER_ID}")
endif()

add_core(release_flags)
add_capra(${output})

# --- The library: the core and embed/, for programs that have the server inside ---

# A worker has a supervisor, and a program has none.
set(library_objects
    $<FILTER:$<TARGET_OBJECTS:core>,EXCLUDE,/worker\\.c\\.o$> $<TARGET_OBJECTS:embed>)
add_library(capra_shared SHARED ${library_objects})
target_link_libraries(capra_shared PRIVATE flags release_flags ${core_libraries})
set_target_properties(capra_shared PROPERTIES
    OUTPUT_NAME capra VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${output})
if(NOT APPLE)
    target_link_options(capra_shared PRIVATE -Wl,-z,defs)
endif()

# Our own names are short and not meant for others: in the archive only those of capra.h are seen.
if(CMAKE_OBJCOPY AND NOT APPLE)
    set(library_object ${PROJECT_BINARY_DIR}/libcapra.o)
    add_custom_command(OUTPUT ${output}/libcapra.a
        COMMAND ${CMAKE_LINKER} -r -o ${library_object} ${library_objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${library_object}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${output}/libcapra.a
        COMMAND ${CMAKE_AR} rcs ${output}/libcapra.a ${library_object}
        DEPENDS core embed $<TARGET_OBJECTS:core> $<TARGET_OBJECTS:embed>
        COMMAND_EXPAND_LISTS VERBATIM COMMENT "Archiving build/libcapra.a")
    add_custom_target(capra_archive ALL DEPENDS ${output}/libcapra.a)
endif()

configure_file(${PROJECT_SOURCE_DIR}/cmake/capra.pc.in ${output}/capra.pc @ONLY)

# --- The addon: the core once more, against Node's own libuv ---

# node_modules has the Node of this platform and no other.
file(GLOB node_headers ${PROJECT_SOURCE_DIR}/node_modules/node-*/include/node/node_api.h)
if(NOT node_headers)
    message(FATAL_ERROR "Node's headers are missing: run `make`, which installs them")
endif()
list(GET node_headers 0 node_header)
cmake_path(GET node_header PARENT_PATH node_include)

if(addon_sources)
    add_library(addon MODULE ${core_sources} ${addon_sources})
    # Before any other libuv's: the uv.h in there is of the one that the addon meets.
    target_include_directories(addon SYSTEM BEFORE PRIVATE ${node_include})
    target_compile_definitions(addon PRIVATE NAPI_VERSION=10 CAPRA_IN_NODE=1)
    # Only the headers: the functions are in the node executable (see src/response/compress.c).
    target_include_directories(addon SYSTEM PRIVATE
        ${ZLIB_INCLUDE_DIRS} ${BROTLI_INCLUDE_DIRS} ${ZSTD_INCLUDE_DIRS})
    # libuv is not linked: its functions, as Node-API's, are in the node executable.
    target_link_libraries(addon PRIVATE flags release_flags PkgConfig::JANSSON PkgConfig::PCRE2)
    if(APPLE)
        target_link_options(addon PRIVATE -undefined dynamic_lookup)
    endif()
    set_target_properties(addon PROPERTIES
        PREFIX "" OUTPUT_NAME capra SUFFIX .node LIBRARY_OUTPUT_DIRECTORY ${output})
endif()

# --- JavaScript: a worker's entry, what it runs, what it loads for edge routes; the compiler ---

find_program(CAPRA_NODE node REQUIRED NO_DEFAULT_PATH
    PATHS ${PROJECT_SOURCE_DIR}/node_modules/.bin)
find_sources(script_sources
    ${PROJECT_SOURCE_DIR}/runtime/*.ts ${PROJECT_SOURCE_DIR}/runtime/edge/*.ts
    ${PROJECT_SOURCE_DIR}/compiler/*.ts)

function(add_bundle name entry)
    if(NOT "${PROJECT_SOURCE_DIR}/${entry}" IN_LIST script_sources)
        return()
    endif()
    add_custom_command(OUTPUT ${output}/${name}
        COMMAND ${CAPRA_NODE} scripts/bundle.mjs ${entry} build/${name}
        DEPENDS ${script_sources} ${PROJECT_SOURCE_DIR}/scripts/bundle.mjs
                ${PROJECT_SOURCE_DIR}/package-lock.json
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        COMMENT "Bundling build/${name}"
        VERBATIM)
    add_custom_target(${name} ALL DEPENDS ${output}/${name})
endfunction()
add_bundle(worker.cjs runtime/main.ts)
add_bundle(runtime.js runtime/worker.ts)
add_bundle(edge.cjs runtime/edge/edge.ts)
add_bundle(compiler.mjs compiler/main.ts)

# What V8 makes of runtime.js, so that a worker's start need not.
if(TARGET runtime.js)
    add_custom_command(OUTPUT ${output}/runtime.cache
        COMMAND ${CAPRA_NODE} scripts/code-cache.mjs build/runtime.js build/runtime.cache
        DEPENDS ${output}/runtime.js ${PROJECT_SOURCE_DIR}/scripts/code-cache.mjs
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        COMMENT "Compiling build/runtime.js"
        VERBATIM)
    add_custom_target(runtime.cache ALL DEPENDS ${output}/runtime.cache)
    add_dependencies(runtime.cache runtime.js)
endif()

# --- Not built by `make` ---

# For valgrind, which wants no sanitizers beside it.
add_http_cases()
if(TARGET http-cases)
    set_target_properties(http-cases PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
set_target_properties(core_archive PROPERTIES EXCLUDE_FROM_ALL ON)

# Programs that measure.
find_sources_here(bench_sources ${PROJECT_SOURCE_DIR}/bench/*.c)
add_custom_target(bench)
foreach(source ${bench_sources})
    cmake_path(GET source STEM name)
    add_executable(bench-${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(bench-${name} PRIVATE core_archive)
    set_target_properties(bench-${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${output}/bench)
    add_dependencies(bench bench-${name})
endforeach()
