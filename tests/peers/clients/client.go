// What a Go program is told. See ../languages.py.
package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	mode, name := os.Args[1], "small"
	if mode == "exit" {
		name = "large"
	}
	c, err := net.Dial("tcp", "127.0.0.1:8080")
	buffer := make([]byte, 65536)
	if err == nil {
		_, err = fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", name)
	}
	if err == nil {
		_, err = c.Read(buffer)
	}
	fmt.Println("ready")
	switch mode {
	case "exit":
		time.Sleep(500 * time.Millisecond)
		os.Exit(0)
	case "reset":
		time.Sleep(time.Second)
	default:
		time.Sleep(1800 * time.Millisecond)
	}
	if err == nil {
		_, err = fmt.Fprintf(c, "GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if err == nil && mode == "reset" {
		_, err = c.Read(buffer)
	}
	time.Sleep(300 * time.Millisecond)
	if err == nil {
		_, err = fmt.Fprintf(c, "GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	fmt.Println(err)
}
