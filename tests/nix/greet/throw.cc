#include <iostream>
#include <stdexcept>

int main() {
  try {
    throw std::runtime_error("hello from an exception");
  } catch (const std::exception &error) {
    std::cout << error.what() << std::endl;
  }
}
