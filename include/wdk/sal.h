/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The annotations of Windows headers and sources. They speak to Microsoft's
 * analyser and mean nothing to a compiler, but for the one that says that a result
 * has to be looked at.
 */
#ifndef _WDK_SAL_H
#define _WDK_SAL_H

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_range_(low, high)
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_z_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)

#define _Out_
#define _Out_opt_
#define _Out_range_(low, high)
#define _Out_writes_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_all_(n)
#define _Out_writes_to_(n, m)
#define _Out_writes_z_(n)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_all_(n)
#define _Out_writes_bytes_to_(n, m)
#define _Out_writes_bytes_to_opt_(n, m)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_bytebuffer_(n)

#define _Inout_
#define _Inout_opt_
#define _Inout_updates_(n)
#define _Inout_updates_opt_(n)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)

#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_range_(low, high)
#define _Result_nullonfailure_
#define _Field_range_(low, high)
#define _Field_size_(n)
#define _Field_size_opt_(n)
#define _Field_size_bytes_(n)
#define _Field_size_bytes_opt_(n)
#define _Field_z_
#define _Struct_size_bytes_(n)

#define _Check_return_		__attribute__((__warn_unused_result__))
#define _Must_inspect_result_	__attribute__((__warn_unused_result__))

#define _At_(target, what)
#define _When_(condition, what)
#define _Pre_
#define _Post_
#define _Pre_satisfies_(e)
#define _Post_satisfies_(e)
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Post_invalid_
#define _Success_(e)
#define _On_failure_(what)
#define _Always_(what)
#define _Null_terminated_
#define _NullNull_terminated_
#define _Printf_format_string_
#define _Reserved_
#define _Const_
#define _Maybenull_
#define _Notnull_
#define _Use_decl_annotations_
#define _Function_class_(name)
#define _Return_type_success_(e)
#define _Analysis_assume_(e)
#define _Analysis_noreturn_
#define _Interlocked_operand_
#define _Guarded_by_(lock)
#define _Dispatch_type_(kind)

#define _IRQL_always_function_max_(level)
#define _IRQL_always_function_min_(level)
#define _IRQL_raises_(level)
#define _IRQL_requires_(level)
#define _IRQL_requires_max_(level)
#define _IRQL_requires_min_(level)
#define _IRQL_requires_same_
#define _IRQL_restores_
#define _IRQL_restores_global_(kind, lock)
#define _IRQL_saves_
#define _IRQL_saves_global_(kind, lock)
#define _Acquires_exclusive_lock_(lock)
#define _Acquires_lock_(lock)
#define _Acquires_shared_lock_(lock)
#define _Releases_exclusive_lock_(lock)
#define _Releases_lock_(lock)
#define _Releases_shared_lock_(lock)
#define _Requires_lock_held_(lock)
#define _Requires_lock_not_held_(lock)
#define _Requires_no_locks_held_

#define __drv_aliasesMem
#define __drv_allocatesMem(kind)
#define __drv_freesMem(kind)
#define __drv_maxIRQL(level)
#define __drv_requiresIRQL(level)

/* Older sources. */
#define IN
#define OUT
#define OPTIONAL

#endif /* _WDK_SAL_H */
