// SPDX-License-Identifier: GPL-2.0
/* do forward */

#include "handlers.h"

struct kpac_handler kpac_handler_forward = {
	.name = "forward",
	.doc = "Has kpac forward packets, whatever entries follow",
	.owner = THIS_MODULE,
	.verdict = KPAC_VERDICT_FORWARD,
	.ends = true,
};
