/* The one function of bcryptprimitives.dll that Rust's library needs, for a Wine that lacks it. For tests only. */

#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len) {
    const ULONG most = 1 << 20;
    while (len > 0) {
        const ULONG part = len < most ? (ULONG)len : most;
        if (!RtlGenRandom(data, part)) return FALSE;
        data += part;
        len -= part;
    }
    return TRUE;
}
