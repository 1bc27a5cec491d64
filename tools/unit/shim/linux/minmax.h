/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

/* As in the kernel, both sides have to be of one type: the comparison of pointers says so. */
#define __shim_pick(x, op, y) ({		\
	typeof(x) __x = (x);			\
	typeof(y) __y = (y);			\
	(void)(&__x == &__y);			\
	__x op __y ? __x : __y;			\
})

#define min(x, y)		__shim_pick(x, <, y)
#define max(x, y)		__shim_pick(x, >, y)
#define min_t(type, x, y)	min((type)(x), (type)(y))
#define max_t(type, x, y)	max((type)(x), (type)(y))

#define clamp(val, lo, hi) ({				\
	typeof(val) __val = (val), __lo = (lo), __hi = (hi);	\
	__val < __lo ? __lo : __val > __hi ? __hi : __val;	\
})

#endif /* _SHIM_LINUX_MINMAX_H */
