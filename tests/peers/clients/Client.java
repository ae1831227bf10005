/* What a Java program is told. See ../languages.py. */
import java.io.IOException;
import java.net.Socket;

class Client {
    public static void main(String[] arguments) throws Exception {
        String mode = arguments[0];
        Socket s = new Socket("127.0.0.1", 8080);
        byte[] small = "GET /small HTTP/1.1\r\nHost: x\r\n\r\n".getBytes();
        byte[] large = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n".getBytes();
        s.getOutputStream().write(mode.equals("exit") ? large : small);
        s.getInputStream().read(new byte[65536]);
        System.out.println("ready");
        if (mode.equals("exit")) {
            Thread.sleep(500);
            System.exit(0);
        }
        try {
            Thread.sleep(mode.equals("reset") ? 1000 : 1800);
            s.getOutputStream().write(small);
            if (mode.equals("reset"))
                s.getInputStream().read();
            Thread.sleep(300);
            s.getOutputStream().write(small);
        } catch (IOException error) {
            System.out.println(error.getMessage());
        }
    }
}
