"""The cross-exam draw 交叉考试抽签: names of files in, the same bytes out, everywhere and always."""
