/* Finds the rows that can be played in the tables of a page, and makes each a test. */
#include "packetdrill_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packetdrill_replay.h"

#define CELLS_MAX 8
#define TEXT_MAX 4096

/* Cuts a line of a table into its cells, in place. */
static size_t cut(char *text, char *cells[CELLS_MAX])
{
        size_t n = 0;
        char *at = text + 1, *end;

        while (n < CELLS_MAX && (end = strchr(at, '|'))) {
                char *last = end;

                at += strspn(at, " ");
                while (last > at && last[-1] == ' ')
                        last--;
                *last = 0;
                cells[n++] = at;
                at = end + 1;
        }
        return n;
}

static void name_of(const char *cell, char name[static 96])
{
        size_t n = 0;

        for (; *cell && n < 95; cell++)
                if (isalnum((unsigned char)*cell))
                        name[n++] = *cell;
                else if (n > 0 && name[n - 1] != '_' && *cell != '`')
                        name[n++] = '_';
        while (n > 0 && name[n - 1] == '_')
                n--;
        name[n] = 0;
}

static bool begins_with_acts(const char *cell)
{
        return cell[0] == '`' && cell[1] && strchr("csln", cell[1]) && cell[2] == '.' && strchr(cell + 1, '`');
}

static bool row_of(char *text, struct row *ret_row)
{
        char *cells[CELLS_MAX];
        size_t n = cut(text, cells);

        for (size_t i = 1; i + 1 < n; i++) {
                if (!begins_with_acts(cells[i]))
                        continue;
                memset(ret_row, 0, sizeof(*ret_row));
                name_of(cells[0], ret_row->name);
                snprintf(ret_row->line, sizeof(ret_row->line), "%.*s", (int)strcspn(cells[i] + 1, "`"), cells[i] + 1);
                snprintf(ret_row->rules, sizeof(ret_row->rules), "%s", cells[i + 1]);
                snprintf(ret_row->verdict, sizeof(ret_row->verdict), "%s", cells[n - 1]);
                return true;
        }
        return false;
}

size_t rows_read(const char *page, struct row *ret_rows)
{
        const char *tree = getenv("FINIS_SOURCE");
        char path[4096], text[TEXT_MAX];
        size_t n = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", tree ? tree : ".", page);
        file = fopen(path, "re");
        if (!file) {
                perror(path);
                exit(1);
        }
        for (int at = 1; fgets(text, sizeof(text), file); at++) {
                if (!strchr(text, '\n')) {
                        fprintf(stderr, "%s:%d: too long for a line\n", path, at);
                        exit(1);
                }
                if (text[0] != '|' || n == ROWS_MAX || !row_of(text, &ret_rows[n]))
                        continue;
                ret_rows[n++].at = at;
        }
        fclose(file);
        return n;
}

void row_rules_answered(const struct row *row, const struct replay *replay)
{
        char copy[sizeof(row->rules)], *at = NULL;
        unsigned n = 0;

        snprintf(copy, sizeof(copy), "%s", row->rules);
        for (char *rule = strtok_r(copy, "`, ", &at); rule; rule = strtok_r(NULL, "`, ", &at), n++)
                if (!replay_fired(replay, rule))
                        fail_msg("line %d: the rule %s did not answer", row->at, rule);
        if (n == 0)
                fail_msg("line %d: names no rule", row->at);
}

int rows_run(const char *group, struct row *rows, size_t n, void (*test)(void **state), void (*extra)(void **state))
{
        static struct CMUnitTest tests[ROWS_MAX + 1];

        for (size_t i = 0; i < n; i++)
                tests[i] = (struct CMUnitTest){ .name = rows[i].name, .test_func = test, .initial_state = &rows[i] };
        tests[n] = (struct CMUnitTest){ .name = "the_page_has_its_rows", .test_func = extra, .initial_state = &n };
        return _cmocka_run_group_tests(group, tests, n + 1, NULL, NULL);
}
