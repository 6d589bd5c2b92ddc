package outside

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// write appends the checkpoint to the log's file in the folder and waits until it is on the disk. The folder is never made: a mount that is
// missing must not be taken for one that is empty. Nor is a file that was there before.
func (s *Sender) write(_ context.Context, it item) result {
	info, err := os.Stat(s.opts.Folder)
	if err != nil || !info.IsDir() {
		return result{code: codeNoFolder}
	}
	flags := os.O_APPEND | os.O_WRONLY
	if it.state.Size == 0 {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(filepath.Join(s.opts.Folder, fileName(it.c.Log())), flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return result{code: codeGone}
	}
	if err == nil {
		_, err = f.Write(append(it.c.Text[:len(it.c.Text):len(it.c.Text)], '\n'))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return result{code: codeFull}
	case err != nil:
		return result{code: codeWrite}
	}
	return result{}
}

// fileName is the file of a log: its origin without what cannot stand in a name.
func fileName(origin string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, origin) + ".txt"
}
