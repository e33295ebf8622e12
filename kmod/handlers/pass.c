// SPDX-License-Identifier: GPL-2.0
/* do pass */

#include "handlers.h"

struct kpac_handler kpac_handler_pass = {
	.name = "pass",
	.doc = "Leaves packets to the stack",
	.owner = THIS_MODULE,
	.verdict = KPAC_VERDICT_PASS,
	.ends = true,
};
