/* One verdict as a line of JSON. */
#include "lab/claims/write.h"
#include "report/json.h"

static void write_case(struct json *j, const struct claim_case *c, const struct case_verdict *v)
{
        char side[2] = "";

        json_object(j, NULL);
        json_text(j, "situation", c->situation);
        json_text(j, "notation", c->acts);
        json_text(j, "bearing", bearing_name(v->bearing));
        json_text(j, "why", v->why[0] ? v->why : NULL);
        json_text(j, "disagreement", v->disagrees ? v->disagreement : NULL);
        json_array(j, "acts");
        for (size_t i = 0; i < v->n_acts; i++) {
                side[0] = v->acts[i].side;
                json_object(j, NULL);
                json_text(j, "side", side);
                json_text(j, "act", v->acts[i].act);
                json_text(j, "result", v->acts[i].result[0] ? v->acts[i].result : NULL);
                json_object_end(j);
        }
        json_array_end(j);
        json_array(j, "predictions");
        for (size_t i = 0; i < v->n_facts; i++) {
                const struct claim_fact *f = &v->facts[i];

                json_object(j, NULL);
                json_uint(j, "act", f->act);
                json_bool(j, "premise", f->premise);
                json_text(j, "of", f->of_call ? "the call" : f->what);
                json_text(j, "claimed", f->claimed);
                json_text(j, "seen", f->seen);
                json_text(j, "bearing", bearing_name(f->bearing));
                json_object_end(j);
        }
        json_array_end(j);
        json_object_end(j);
}

int claim_write_json(FILE *file, const struct claim_verdict *v)
{
        const struct claim *c = v->claim;
        struct json j;

        json_begin(&j, file);
        json_object(&j, NULL);
        json_text(&j, "claim", c->name);
        json_text(&j, "family", v->family == AF_INET ? "ipv4" : "ipv6");
        json_text(&j, "verdict", claim_word_name(v->word));
        json_bool(&j, "settled", v->settled);
        json_text(&j, "kind", c->kind == CLAIM_ALWAYS ? "always" : "rule");
        json_text(&j, "sentence", c->sentence);
        json_text(&j, "source", c->source);
        json_text(&j, "in_fact", c->right);
        json_uint(&j, "bear_out", v->n_bear_out);
        json_uint(&j, "contradict", v->n_contradict);
        json_uint(&j, "not_tested", v->n_not_tested);
        json_uint(&j, "disagree", v->n_disagree);
        json_array(&j, "cases");
        for (size_t i = 0; i < c->n_cases; i++)
                write_case(&j, &c->cases[i], &v->cases[i]);
        json_array_end(&j);
        json_object_end(&j);
        return json_end(&j);
}
