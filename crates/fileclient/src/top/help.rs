//! What the help says.

pub(super) const TEXT: &str = "\
 < >  , .  Left Right   sort by the column before, after
 r                      reverse the order
 i                      hide idle workers, show them again
 Up Down  k j           scroll by a line
 PgUp PgDn  Home End    scroll by a page, to the first, to the last
 p  Space               pause: the picture stays, the server is left alone
 ?  h                   this help
 q  Esc  Ctrl-C         end

 K, M, G stand for 1024 bytes and its powers; B/s counts both directions.
 CPU% is of one processor; * marks what is the whole process's, of
 which each worker that shares it shows the same.
 An async worker shows the connection that spoke last.
 active counts the connection that asks as well.";
