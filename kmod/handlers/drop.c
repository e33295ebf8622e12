// SPDX-License-Identifier: GPL-2.0
/* do drop */

#include "handlers.h"

struct kpac_handler kpac_handler_drop = {
	.name = "drop",
	.doc = "Drops packets",
	.owner = THIS_MODULE,
	.verdict = KPAC_VERDICT_DROP,
	.ends = true,
};
