// SPDX-License-Identifier: GPL-2.0
/*
 * xdp.c - the two smallest XDP programs, without a compiler for BPF.
 *
 *	xdp native|generic DEV redirect IFINDEX
 *	xdp native|generic DEV pass
 *
 * Prints a line when the program is attached; it stays as long as this runs.
 */
#include <errno.h>
#include <error.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(int redirect_to)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn redirect[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1,
		  .imm = redirect_to },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.expected_attach_type = BPF_XDP,
		.license = (unsigned long)"GPL",
		.insns = (unsigned long)(redirect_to ? redirect : insns),
		.insn_cnt = redirect_to ? 4 : 2,
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	union bpf_attr attr = { .link_create.attach_type = BPF_XDP };
	int prog;

	if (argc < 4)
		error(2, 0, "usage: xdp native|generic DEV redirect IFINDEX|pass");
	prog = load(strcmp(argv[3], "redirect") || argc < 5 ? 0 : atoi(argv[4]));
	if (prog < 0)
		error(1, errno, "cannot load the program");
	attr.link_create.prog_fd = prog;
	attr.link_create.target_ifindex = if_nametoindex(argv[2]);
	attr.link_create.flags = strcmp(argv[1], "native") ? XDP_FLAGS_SKB_MODE :
							     XDP_FLAGS_DRV_MODE;
	if (syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)) < 0)
		error(1, errno, "cannot attach it to %s", argv[2]);
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
