package main

import (
	"fmt"
	"io"
	"os"
)

// console is standard error: problems, and on a terminal one line of progress
// that is written over.
type console struct {
	w        io.Writer
	terminal bool
	problems int
	progress bool // the cursor stands behind a line of progress
}

func newConsole(w io.Writer) *console {
	c := &console{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		c.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return c
}

// bad reports a line of a file that is not as it must be.
func (c *console) bad(file string, line int, err error) {
	c.problems++
	c.say("%s:%d: %v", file, line, err)
}

// fail reports what ends the program.
func (c *console) fail(err error) {
	c.problems++
	c.say("import: %v", err)
}

func (c *console) say(format string, args ...any) {
	if c.progress {
		c.progress = false
		fmt.Fprint(c.w, "\r\x1b[K")
	}
	fmt.Fprintf(c.w, format+"\n", args...)
}

// show replaces the line of progress.
func (c *console) show(format string, args ...any) {
	if c.terminal {
		c.progress = true
		fmt.Fprintf(c.w, "\r\x1b[K"+format, args...)
	}
}
