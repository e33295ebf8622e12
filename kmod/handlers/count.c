// SPDX-License-Identifier: GPL-2.0
/* do count */

#include "handlers.h"

struct kpac_handler kpac_handler_count = {
	.name = "count",
	.doc = "Does nothing; the entry counts",
	.owner = THIS_MODULE,
	.verdict = KPAC_VERDICT_NEXT,
	.ends = false,
};
