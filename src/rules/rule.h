/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RULES_RULE_H
#define CAPRA_RULES_RULE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/buffer.h"
#include "rules.h"

#include <pcre2.h>

/* The rules as they stand in memory. Everything is in the arena of `rules`, but for what PCRE2
 * allocates. */

enum { RULE_PARAMS_MAX = 32, RULE_NONE = -1 };

/* Text with gaps: a piece is text, or a gap for a parameter with what goes before and behind it. */
typedef struct rule_piece {
    int param;          /* RULE_NONE: it is text */
    capra_slice text;   /* of text; before a gap */
    capra_slice behind; /* a gap */
    bool repeats;       /* slashes in the value are slashes */
} rule_piece;

typedef struct rule_text {
    rule_piece *pieces;
    uint32_t count;
} rule_text;

typedef struct rule_param {
    capra_slice name;
    capra_slice separator; /* between the pieces of one that may repeat; NULL data: it is one */
} rule_param;

typedef enum rule_subject { RULE_HEADER, RULE_COOKIE, RULE_QUERY, RULE_HOST } rule_subject;

typedef struct rule_group {
    int number; /* in the expression */
    int param;
} rule_group;

/* A `has` or a `missing`. */
typedef struct rule_condition {
    rule_subject subject;
    capra_slice key;
    pcre2_code *regex; /* NULL: any value */
    rule_group *groups;
    uint32_t group_count;
    int param; /* the one that the whole value gives; RULE_NONE */
} rule_condition;

typedef struct rule_conditions {
    rule_condition *list;
    uint32_t count;
} rule_conditions;

typedef struct rule_field {
    rule_text name, value;
} rule_field;

typedef struct rule_pair {
    capra_slice key;
    rule_text value;
} rule_pair;

typedef struct rule_destination {
    rule_text origin, path, hash;
    rule_pair *query;
    uint32_t query_count;
} rule_destination;

typedef struct rule {
    capra_slice source; /* as its author wrote it */
    pcre2_code *regex;
    rule_group *groups;
    uint32_t group_count;
    rule_param *params;
    uint32_t param_count;
    rule_conditions has, missing;
    rule_field *fields; /* `headers` */
    uint32_t field_count;
    rule_destination to; /* the others */
    int status;          /* `redirects` */
    int *append;         /* `rewrites`: parameters to be added to the query */
    uint32_t append_count;
} rule;

typedef struct rule_set {
    rule *list;
    uint32_t count;
} rule_set;

struct rules {
    arena arena;
    capra_slice base_path;
    bool has_trailing_slash, redirects_slash, is_strict;
    rule_set headers, redirects, rewrites[RULES_REWRITES];
    rule_set proxied; /* the matcher of the project's proxy: only which requests */
    bool proxies_all; /* it has none */
    /* Scratch memory of the matcher. */
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_code **codes; /* all of them, to be freed */
    uint32_t code_count;
};

/* What a parameter is in a request. */
typedef struct rule_value {
    capra_slice text; /* NULL data: it is not there */
    bool is_escaped;  /* a part of the path, with its escapes; else text as it is meant */
} rule_value;

typedef rule_value rule_values[RULE_PARAMS_MAX];

/* Whether the rule is for this request; puts what it takes out of it in `values`. */
bool rule_matches(const rules_walk *w, const rule *r, rule_values values);

/* What a text is for, and so what has to be escaped in a value. */
typedef enum rule_use {
    RULE_IN_PATH,
    RULE_IN_QUERY, /* as a key or a value; next.config's own text too */
    RULE_IN_HOST,
    RULE_IN_FIELD,
} rule_use;

/* A value as it may stand there; `repeats`: its slashes are slashes. */
void rule_escape(buffer *out, rule_value value, rule_use use, bool repeats);

/* A gap whose parameter is not there is left out with what stands around it. */
void rule_write(buffer *out, const rule_text *text, const rule_values values, rule_use use);

/* The query with what a rule's destination says: its keys win, in the places of the request's keys
 * of the same names; the rest keeps its bytes. */
capra_slice rule_merge_query(const rules_walk *w, const rule *r, const rule_values values);

/* Looks up what a condition is about: a slice with NULL data when the request has none. */
capra_slice rule_subject_value(const rules_walk *w, const rule_condition *c);

#endif
