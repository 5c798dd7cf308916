/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "rule.h"

/* Whether a rule is for a request: its pattern against the path, then what the request must have
 * and must not have. */

/* How many groups were set; 0: no match. */
static int run(const rules *r, const pcre2_code *regex, capra_slice subject)
{
    PCRE2_SPTR const text = (PCRE2_SPTR)(subject.data == NULL ? "" : subject.data);
    int const count = pcre2_match(regex, text, subject.length, 0, 0, r->match, r->context);
    if (count < 0 && count != PCRE2_ERROR_NOMATCH)
        log_line(LOG_ERROR, "an expression of next.config was given up on after too many steps");
    return count < 0 ? 0 : count;
}

static capra_slice group_of(const rules *r, capra_slice subject, int count, int number)
{
    const size_t *at = pcre2_get_ovector_pointer(r->match) + 2 * (size_t)number;
    if (number >= count || at[0] == PCRE2_UNSET)
        return slice_of(NULL, 0);
    return slice_of(subject.data + at[0], at[1] - at[0]);
}

static void take_groups(const rules *r, capra_slice subject, int count, const rule_group *groups,
                        uint32_t group_count, bool is_escaped, rule_values values)
{
    for (uint32_t i = 0; i < group_count; i++) {
        if (groups[i].param == RULE_NONE)
            continue;
        values[groups[i].param] = (rule_value){
            .text = group_of(r, subject, count, groups[i].number),
            .is_escaped = is_escaped,
        };
    }
}

static bool meets(const rules_walk *w, const rule_condition *c, rule_values values)
{
    capra_slice const value = rule_subject_value(w, c);
    if (value.length == 0)
        return false;
    if (c->regex != NULL) {
        int const count = run(w->rules, c->regex, value);
        if (count == 0)
            return false;
        take_groups(w->rules, value, count, c->groups, c->group_count, false, values);
    }
    if (c->param != RULE_NONE)
        values[c->param] = (rule_value){ .text = value };
    return true;
}

bool rule_matches(const rules_walk *w, const rule *r, rule_values values)
{
    for (uint32_t i = 0; i < r->param_count; i++)
        values[i] = (rule_value){ 0 };
    int const count = run(w->rules, r->regex, w->path);
    if (count == 0)
        return false;
    take_groups(w->rules, w->path, count, r->groups, r->group_count, true, values);
    for (uint32_t i = 0; i < r->has.count; i++)
        if (!meets(w, &r->has.list[i], values))
            return false;
    for (uint32_t i = 0; i < r->missing.count; i++)
        if (meets(w, &r->missing.list[i], values))
            return false;
    return true;
}
