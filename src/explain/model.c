/*
 * The border to the model: a page names a table, the model writes it. A test keeps the text in the
 * page equal to what is written here.
 */
#include "explain/model.h"

#include "endpoint/tables.h"

int explain_model_write(FILE *out, const char *name)
{
        return endpoint_table_write(out, name);
}
