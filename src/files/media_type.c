/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <stdlib.h>

/* By the ending, in order. Text says how it is encoded: UTF-8, written as Next writes it. */
typedef struct media_type {
    const char *ending, *type;
} media_type;

#define UTF_8 "; charset=UTF-8"

static const media_type types[] = {
    { "7z", "application/x-7z-compressed" },
    { "aac", "audio/x-aac" },
    { "apng", "image/apng" },
    { "atom", "application/atom+xml" },
    { "avi", "video/x-msvideo" },
    { "avif", "image/avif" },
    { "bin", "application/octet-stream" },
    { "bmp", "image/bmp" },
    { "bz2", "application/x-bzip2" },
    { "cjs", "application/javascript" UTF_8 },
    { "conf", "text/plain" UTF_8 },
    { "css", "text/css" UTF_8 },
    { "csv", "text/csv" UTF_8 },
    { "doc", "application/msword" },
    { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    { "eot", "application/vnd.ms-fontobject" },
    { "epub", "application/epub+zip" },
    { "flac", "audio/x-flac" },
    { "geojson", "application/geo+json" },
    { "gif", "image/gif" },
    { "glb", "model/gltf-binary" },
    { "gltf", "model/gltf+json" },
    { "gz", "application/gzip" },
    { "heic", "image/heic" },
    { "heif", "image/heif" },
    { "htm", "text/html" UTF_8 },
    { "html", "text/html" UTF_8 },
    { "ico", "image/x-icon" },
    { "ics", "text/calendar" UTF_8 },
    { "jar", "application/java-archive" },
    { "jpeg", "image/jpeg" },
    { "jpg", "image/jpeg" },
    { "js", "application/javascript" UTF_8 },
    { "json", "application/json" UTF_8 },
    { "json5", "application/json5" },
    { "jsonld", "application/ld+json" },
    { "jxl", "image/jxl" },
    { "log", "text/plain" UTF_8 },
    { "m3u8", "application/vnd.apple.mpegurl" },
    { "m4a", "audio/mp4" },
    { "m4v", "video/x-m4v" },
    { "manifest", "text/cache-manifest" UTF_8 },
    { "map", "application/json" UTF_8 },
    { "markdown", "text/markdown" UTF_8 },
    { "md", "text/markdown" UTF_8 },
    { "mid", "audio/midi" },
    { "midi", "audio/midi" },
    { "mjs", "application/javascript" UTF_8 },
    { "mov", "video/quicktime" },
    { "mp3", "audio/mpeg" },
    { "mp4", "video/mp4" },
    { "mpd", "application/dash+xml" },
    { "mpeg", "video/mpeg" },
    { "mpg", "video/mpeg" },
    { "odp", "application/vnd.oasis.opendocument.presentation" },
    { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
    { "odt", "application/vnd.oasis.opendocument.text" },
    { "oga", "audio/ogg" },
    { "ogg", "audio/ogg" },
    { "ogv", "video/ogg" },
    { "opus", "audio/ogg" },
    { "otf", "font/otf" },
    { "pdf", "application/pdf" },
    { "png", "image/png" },
    { "ppt", "application/vnd.ms-powerpoint" },
    { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
    { "ps", "application/postscript" },
    { "rar", "application/x-rar-compressed" },
    { "rss", "application/rss+xml" },
    { "rtf", "text/rtf" UTF_8 },
    { "svg", "image/svg+xml" },
    { "svgz", "image/svg+xml" },
    { "tar", "application/x-tar" },
    { "text", "text/plain" UTF_8 },
    { "tif", "image/tiff" },
    { "tiff", "image/tiff" },
    { "toml", "application/toml" },
    { "ts", "video/mp2t" },
    { "tsv", "text/tab-separated-values" UTF_8 },
    { "ttc", "font/collection" },
    { "ttf", "font/ttf" },
    { "txt", "text/plain" UTF_8 },
    { "vcf", "text/x-vcard" UTF_8 },
    { "vtt", "text/vtt" UTF_8 },
    { "wasm", "application/wasm" },
    { "wav", "audio/x-wav" },
    { "weba", "audio/webm" },
    { "webm", "video/webm" },
    { "webmanifest", "application/manifest+json" },
    { "webp", "image/webp" },
    { "woff", "font/woff" },
    { "woff2", "font/woff2" },
    { "xhtml", "application/xhtml+xml" },
    { "xls", "application/vnd.ms-excel" },
    { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
    { "xml", "application/xml" },
    { "xsd", "application/xml" },
    { "xsl", "application/xml" },
    { "yaml", "text/yaml" UTF_8 },
    { "yml", "text/yaml" UTF_8 },
    { "zip", "application/zip" },
    { "zst", "application/zstd" },
};

enum { ENDING_MAX = 16 }; /* longer than any in the table */

static int compare_endings(const void *key, const void *entry)
{
    return strcmp(key, ((const media_type *)entry)->ending);
}

capra_slice file_media_type(capra_slice name)
{
    char ending[ENDING_MAX];
    size_t length = 0;
    while (length < name.length && length < ENDING_MAX - 1 &&
           name.data[name.length - 1 - length] != '.')
        length++;
    if (length == name.length || name.data[name.length - 1 - length] != '.')
        return slice_text("application/octet-stream");
    for (size_t i = 0; i < length; i++)
        ending[i] = ascii_lower(name.data[name.length - length + i]);
    ending[length] = '\0';
    const media_type *found =
        bsearch(ending, types, sizeof types / sizeof *types, sizeof *types, compare_endings);
    return slice_text(found == NULL ? "application/octet-stream" : found->type);
}
