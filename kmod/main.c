// SPDX-License-Identifier: GPL-2.0
/* kpac: starts and stops its parts in order. */

#include <linux/module.h>
#include <net/genetlink.h>

#include "flow.h"
#include "handler.h"
#include "handlers/balancer.h"
#include "heartbeat.h"
#include "hooks.h"
#include "mask.h"
#include "memo.h"
#include "netlink.h"
#include "path.h"
#include "port.h"
#include "qdisc.h"
#include "tx.h"

static int __init kpac_init(void)
{
	int err;

	kpac_hooks_init();
	kpac_mask_init();
	err = kpac_flow_init();
	if (err)
		return err;
	err = kpac_path_init();
	if (err)
		goto err_flow;
	err = kpac_memo_init();
	if (err)
		goto err_path;
	err = kpac_tx_init();
	if (err)
		goto err_memo;
	err = kpac_qdisc_init();
	if (err)
		goto err_tx;
	err = kpac_balancer_init();
	if (err)
		goto err_qdisc;
	err = kpac_handlers_init();
	if (err)
		goto err_balancer;
	err = kpac_heartbeat_init();
	if (err)
		goto err_handlers;
	err = kpac_port_init();
	if (err)
		goto err_heartbeat;
	err = kpac_netlink_init();
	if (err)
		goto err_port;
	return 0;

err_port:
	kpac_port_exit();
err_heartbeat:
	kpac_heartbeat_exit();
err_handlers:
	kpac_handlers_exit();
err_balancer:
	kpac_balancer_exit();
err_qdisc:
	kpac_qdisc_exit();
err_tx:
	kpac_tx_exit();
err_memo:
	kpac_memo_exit();
err_path:
	kpac_path_exit();
err_flow:
	kpac_flow_exit();
	return err;
}

static void __exit kpac_exit(void)
{
	kpac_netlink_exit();
	kpac_heartbeat_stop();
	kpac_port_exit();
	kpac_heartbeat_exit();
	kpac_handlers_exit();
	kpac_balancer_exit();
	kpac_qdisc_exit();
	kpac_tx_exit();
	kpac_memo_exit();
	kpac_path_exit();
	kpac_flow_exit();
}

module_init(kpac_init);
module_exit(kpac_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("packet accelerator");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY("kpac");
